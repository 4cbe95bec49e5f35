#!/bin/sh
# Builds km from this checkout and puts it into a folder of the user's. See usage() below.
set -eu

usage() {
  cat <<'END'
Builds km from a checkout of its sources and installs it.

Usage: sh install.sh [--prefix DIR] [--uninstall]

  --prefix DIR  The folder for the executables
                (default: $KM_INSTALL_DIR, else ~/.local/bin)
  --uninstall   Remove the executables this script put there; recordings and
                configuration stay
  --help        Show this

Needs Node with npx, and the network the first time. Never needs root.
END
}

fail() {
  printf 'install.sh: %s\n' "$1" >&2
  [ -z "${2-}" ] || printf '%s\n' "$2" >&2
  exit 1
}

# Each folder installed into has a receipt: a line "<checksum> <size> <path>", as cksum prints it, for each executable
# ever put there. A file with such a line is ours to replace and to remove; one without is somebody else's.
is_ours() { [ -f "$receipt" ] && cksum "$1" | grep -Fqx -f "$receipt"; }

paths_in() { [ ! -f "$1" ] || sed 's/^[0-9]* [0-9]* //' "$1" | sort -u; }

check_folder() {
  existing=${folder:-/}
  until [ -e "$existing" ]; do existing=$(dirname -- "$existing"); done
  [ -d "$existing" ] || fail "Cannot install into $folder: $existing is not a folder"
  { [ -w "$existing" ] && [ -x "$existing" ]; } ||
    fail "Cannot install into $folder: no permission to write to $existing" \
      "Choose a folder of your own with --prefix DIR. Root is not needed."
}

check_place() { # $1: where an executable is about to go
  if [ -e "$1" ] || [ -h "$1" ]; then
    { [ ! -h "$1" ] && [ -f "$1" ] && is_ours "$1"; } ||
      fail "Cannot install $1: something is there that this script did not put there" \
        "Move it away, or choose another folder with --prefix DIR."
  fi
}

build() {
  root=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
  { [ -f "$root/build.ts" ] && [ -f "$root/package.json" ]; } ||
    fail "Cannot build km: $root is not a checkout of its sources" \
      "Clone the repository, then run: sh <checkout>/install.sh"
  for tool in node npx; do
    command -v "$tool" >/dev/null ||
      fail "Cannot build km: $tool is not on the PATH" "Install Node (https://nodejs.org), which brings node and npx."
  done
  printf 'Building km in %s\n' "$root"
  (cd -- "$root" && npx -y bun@1.4.5 run build </dev/null >&2) ||
    fail "Cannot build km: see the messages above" "The first build downloads packages, so it needs the network."
  [ -f "$root/dist/SHA256SUMS" ] || fail "Cannot install km: the build left nothing in $root/dist"
}

remove_unfinished() {
  rm -f -- "$folder"/.km-install.$$.*
}

install_km() {
  check_folder
  build
  mkdir -p -- "$folder" || fail "Cannot install into $folder: the folder cannot be made"
  trap remove_unfinished EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM

  # Everything is in the folder under other names, and has been seen to run, before anything takes its name.
  names=$(sed 's/^[0-9a-f]*  //' "$root/dist/SHA256SUMS")
  for name in $names; do
    check_place "$folder/$name"
    { cp -- "$root/dist/$name" "$folder/.km-install.$$.$name" && chmod 755 "$folder/.km-install.$$.$name"; } ||
      fail "Cannot install into $folder: $name cannot be written there"
  done
  km=km
  [ -f "$root/dist/km" ] || km=km.exe
  version=$("$folder/.km-install.$$.$km" --version) ||
    fail "Cannot install km: what was built does not run from $folder"

  # The receipt comes first: interrupted from here on, the next run still knows what is whose.
  mkdir -p -- "$receipts"
  for name in $names; do
    cksum "$folder/.km-install.$$.$name" | sed 's|/\.km-install\.[0-9]*\.\([^/]*\)$|/\1|' >>"$receipt"
  done
  for name in $names; do
    mv -f -- "$folder/.km-install.$$.$name" "$folder/$name"
  done

  printf 'Installed %s as %s\n' "$version" "$folder/$km"
  say_path
}

say_path() {
  case ":${PATH-}:" in
    *":$folder:"*)
      found=$(command -v km || :)
      [ "$found" = "$folder/$km" ] || [ -z "$found" ] ||
        printf 'Note: "km" runs %s, which comes earlier on the PATH.\n' "$found"
      ;;
    *)
      printf '%s is not on the PATH. Add this line to ~/.profile (or ~/.zshrc, ~/.bashrc) and open a new terminal:\n' "$folder"
      printf '\n  export PATH="%s:$PATH"\n\n' "$folder"
      printf 'Configurations of MCP clients can name the whole path: %s\n' "$folder/$km"
      ;;
  esac
}

uninstall_km() {
  [ -f "$receipt" ] || printf 'Nothing to remove: this script installed nothing into %s\n' "$folder"
  paths_in "$receipt" | while IFS= read -r path; do
    if [ ! -f "$path" ]; then
      printf '%s was gone already\n' "$path"
    elif is_ours "$path"; then
      rm -f -- "$path" || fail "Cannot remove $path"
      printf 'Removed %s\n' "$path"
    else
      printf 'Left %s alone: it changed since it was installed\n' "$path"
    fi
  done
  rm -f -- "$receipt"
  rmdir -- "$receipts" "$state" 2>/dev/null || :
  for other in "$receipts"/*; do
    paths_in "$other" | sed 's/^/Still installed: /'
  done
  say_data
}

say_data() {
  data=${KM_DATA_DIR:-${XDG_DATA_HOME:-$HOME/.local/share}/km}
  config=${KM_CONFIG_DIR:-${XDG_CONFIG_HOME:-$HOME/.config}/km}
  [ ! -d "$data" ] || printf 'Recordings stay in %s\n' "$data"
  [ ! -d "$config" ] || printf 'Configuration stays in %s\n' "$config"
}

action=install_km
folder=
while [ $# -gt 0 ]; do
  case $1 in
    --prefix)
      [ -n "${2-}" ] || fail "--prefix needs a folder"
      folder=$2
      shift
      ;;
    --prefix=?*) folder=${1#--prefix=} ;;
    --uninstall) action=uninstall_km ;;
    --help | -h)
      usage
      exit
      ;;
    *)
      usage >&2
      printf '\n' >&2
      printf 'install.sh: Unknown option %s\n' "$1" >&2
      exit 2
      ;;
  esac
  shift
done

[ -n "${HOME-}" ] || fail "HOME is not set"
folder=${folder:-${KM_INSTALL_DIR:-$HOME/.local/bin}}
case $folder in
  /*) ;;
  *) folder=$(pwd)/$folder ;;
esac
while [ "$folder" != "${folder%/}" ]; do folder=${folder%/}; done
state=${KM_STATE_DIR:-${XDG_STATE_HOME:-$HOME/.local/state}/km}
receipts=$state/installed
receipt=$receipts/$(printf %s "$folder" | cksum | sed 's/ .*//')
"$action"

# Completions of km for bash. For ~/.bashrc: eval "$(km completions bash)"

# Also for the bash 3.2 of macOS, which has neither compopt nor mapfile: there file names stand in for whatever has no
# values. They always come from readline, which quotes them. km gets the line as it was typed, since bash has cut its words
# at every colon. The km on the PATH is asked and not the one that was typed: ./km must not run before Enter.
_km() {
  local answer what index
  COMPREPLY=()
  answer=$(command km __complete bash -- "$COMP_TYPE" "${COLUMNS:-80}" "$COMP_WORDBREAKS" "${COMP_LINE:0:COMP_POINT}" 2>/dev/null) || return
  what=${answer%%$'\n'*}
  case $what in
    values*)
      compopt -o nosort 2>/dev/null
      [[ $what == *nospace ]] && compopt -o nospace 2>/dev/null
      [[ $answer == *$'\n'* ]] && _km_reply <<<"${answer#*$'\n'}"
      ;;
    files) compopt -o default 2>/dev/null ;;
    folders) compopt -o dirnames 2>/dev/null ;;
    command)
      for ((index = 1; index < COMP_CWORD; index++)); do
        [[ ${COMP_WORDS[index]} == -- ]] && break
      done
      if declare -F _comp_command_offset >/dev/null; then
        _comp_command_offset $((index + 1))
      elif declare -F _command_offset >/dev/null; then
        _command_offset $((index + 1))
      elif ((COMP_CWORD == index + 1)) && [[ ${COMP_WORDS[COMP_CWORD]} != */* ]]; then
        answer=$(compgen -c -- "${COMP_WORDS[COMP_CWORD]}") && compopt -o filenames 2>/dev/null && _km_reply <<<"$answer"
      else
        compopt -o default 2>/dev/null
      fi
      ;;
  esac
}

_km_reply() {
  local line
  while IFS= read -r line; do
    COMPREPLY[${#COMPREPLY[@]}]=$line
  done
}

if type -t compopt >/dev/null; then
  complete -F _km km
else
  complete -o default -F _km km
fi

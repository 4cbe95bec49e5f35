#compdef km
# Completions of km for zsh: a file _km in a folder of $fpath, or for ~/.zshrc, behind compinit: source <(km completions zsh)

# The km on the PATH is asked and not the one that was typed: ./km must not run before Enter.
_km() {
  local line value
  local -i longest=0
  local -a typed answer values shown open open_shown
  (( CURRENT > 2 )) && typed=("${(@Q)words[2,CURRENT-1]}")
  answer=("${(@f)$(command km __complete zsh -- "${typed[@]}" "${(Q)PREFIX}" 2>/dev/null)}")
  case $answer[1] in
    values*)
      for value in "${(@)answer[2,-1]%%$'\t'*}"; do
        (( ${(m)#value} > longest )) && longest=${(m)#value}
      done
      for line in "${(@)answer[2,-1]}"; do
        value=${line%%$'\t'*}
        [[ $line == *$'\t'* ]] && line="${(mr:longest:)value}  ${line#*$'\t'}"
        if [[ $value == *[:=/] ]]; then
          open+=("$value")
          open_shown+=("$line")
        else
          values+=("$value")
          shown+=("$line")
        fi
      done
      (( $#values )) && compadd -V km -l -d shown -a values
      (( $#open )) && compadd -V km -l -S '' -d open_shown -a open
      ;;
    files)
      compset -P '--*='
      _files
      ;;
    folders)
      compset -P '--*='
      _files -/
      ;;
    command)
      local -i index=${words[(i)--]}
      shift index words
      (( CURRENT -= index ))
      _normal
      ;;
  esac
}

if [[ $funcstack[1] == _km ]]; then
  _km "$@"
else
  compdef _km km
fi

# Completions of km for fish. For ~/.config/fish/config.fish: km completions fish | source

# The km on the PATH is asked and not the one that was typed: ./km must not run before Enter.
function __km_complete
    set -l typed (commandline -opc)
    set -l current (commandline -ct)
    set -l bare (string unescape -- $current; or string trim --left --chars \'\" -- $current)
    test -n "$bare"; or set bare ""
    set -l answer (command km __complete fish -- $typed[2..-1] "$bare" 2>/dev/null)
    switch "$answer[1]"
        case values
            string join \n -- $answer[2..-1]
        case files folders
            set -l flag (string match --regex -- '^--[^=]*=' $bare; or echo)
            set -l path (string replace --regex -- '^--[^=]*=' '' $bare)
            if test $answer[1] = files
                string join \n -- $flag(__fish_complete_path "$path")
            else
                string join \n -- $flag(__fish_complete_directories "$path")
            end
        case command
            set -l index (contains --index -- -- $typed)
            set -l command (string escape -- $typed[(math $index + 1)..-1])
            complete --do-complete "$command $current"
    end
end

complete --command km --no-files --keep-order --arguments '(__km_complete)'

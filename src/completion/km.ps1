# Completions of km for PowerShell. For $PROFILE: km completions powershell | Out-String | Invoke-Expression

# The words travel in a variable: Windows PowerShell drops empty arguments and breaks those with quotes. The km on the
# PATH is asked and not the one that was typed: .\km must not run before Enter.
Register-ArgumentCompleter -Native -CommandName km -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $km = Get-Command km -CommandType Application -ErrorAction SilentlyContinue | Select-Object -First 1
    if ($null -eq $km) { return }
    $words = @()
    foreach ($element in ($commandAst.CommandElements | Select-Object -Skip 1)) {
        if ($element.Extent.EndOffset -ge $cursorPosition) { break }
        if ($element -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $words += $element.Value }
        else { $words += $element.Extent.Text }
    }
    $words += $wordToComplete.Trim([char[]]@([char]34, [char]39))
    $before = $env:KM_COMPLETE
    $encoding = [Console]::OutputEncoding
    try {
        $env:KM_COMPLETE = $words -join "`n"
        [Console]::OutputEncoding = [System.Text.Encoding]::UTF8
        $answer = @(& $km.Source __complete powershell 2>$null)
    } finally {
        $env:KM_COMPLETE = $before
        [Console]::OutputEncoding = $encoding
    }
    if ($answer.Count -lt 2 -or $answer[0] -notlike 'values*') { return } # without values PowerShell completes files
    foreach ($line in $answer[1..($answer.Count - 1)]) {
        $value, $description = $line -split "`t", 2
        if (-not $description) { $description = $value }
        $quoted = $value
        # Typographic quotes are quotes to PowerShell too.
        if ($value -notmatch '^[\w.:/=+-]+$') { $quoted = "'" + ($value -replace "['\u2018-\u201b]", '$0$0') + "'" }
        [System.Management.Automation.CompletionResult]::new($quoted, $value, 'ParameterValue', $description)
    }
}

{{- define "km.name" -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- end }}

{{- define "km.selector" -}}
app.kubernetes.io/name: km-services
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "km.labels" -}}
{{ include "km.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "km.serviceAccount" -}}
{{- .Values.serviceAccount.name | default (include "km.name" .) -}}
{{- end }}

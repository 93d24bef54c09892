{{/*
A role and its binding. Arguments: root, name, account, namespace (none: for the whole cluster), rules, and annotations
of a hook.
*/}}
{{- define "jitops.role" -}}
{{- $kind := ternary "Role" "ClusterRole" (not (empty .namespace)) }}
{{- $annotations := .annotations }}
{{- range list $kind (printf "%sBinding" $kind) }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ . }}
metadata:
  name: {{ $.name }}
  {{- with $.namespace }}
  namespace: {{ . }}
  {{- end }}
  labels: {{- include "jitops.labels" $.root | nindent 4 }}
  {{- with $annotations }}
  annotations: {{- . | nindent 4 }}
  {{- end }}
{{- if eq . $kind }}
rules: {{- $.rules | nindent 2 }}
{{- else }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ $kind }}
  name: {{ $.name }}
subjects:
  - kind: ServiceAccount
    name: {{ $.account }}
    namespace: {{ $.root.Release.Namespace }}
{{- end }}
{{- end }}
{{- end }}

{{/* The environment that the operator and the release hook share: their namespace and the Lease. */}}
{{- define "jitops.env" -}}
- name: JITOPS_OPERATOR_NAMESPACE
  valueFrom:
    fieldRef: {fieldPath: metadata.namespace}
- name: JITOPS_LEASE_NAME
  value: {{ include "jitops.fullname" . }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* The arguments that both share. */}}
{{- define "jitops.scopeArgs" -}}
{{- range .Values.watchNamespaces }}
- --namespace={{ . }}
{{- end }}
- {{ ternary "--leader-election" "--no-leader-election" .Values.leaderElection.enabled }}
{{- end }}

{{/* The parts that all pods share. */}}
{{- define "jitops.podSpec" -}}
enableServiceLinks: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.podSecurityContext }}
securityContext: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.extraVolumes }}
volumes: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* The parts that all containers share. */}}
{{- define "jitops.container" -}}
image: {{ include "jitops.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
env: {{- include "jitops.env" . | nindent 2 }}
{{- with .Values.resources }}
resources: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.securityContext }}
securityContext: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.extraVolumeMounts }}
volumeMounts: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

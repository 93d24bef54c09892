{{/*
The operator's rights: the one table from which its ClusterRole, or its Roles, are generated. The kinds are read from the
CRDs, so a new kind needs no line here. tests/e2e compares this table with the requests of the operator.
*/}}

{{- define "jitops.plurals" -}}
{{- range $path, $_ := .Files.Glob "files/crds/*.yaml" }}
- {{ ($.Files.Get $path | fromYaml).spec.names.plural }}
{{- end }}
{{- end }}

{{- define "jitops.statuses" -}}
{{- range include "jitops.plurals" . | fromYamlArray }}
- {{ . }}/status
{{- end }}
{{- end }}

{{/* In each namespace that it serves. */}}
{{- define "jitops.rights" -}}
- apiGroups: [jitops.dev]
  resources: {{- include "jitops.plurals" . | trim | nindent 4 }}
  verbs: [get, list, watch, patch] # patch: the finalizer, nothing else
- apiGroups: [jitops.dev]
  resources: {{- include "jitops.statuses" . | trim | nindent 4 }}
  verbs: [patch]
- apiGroups: [""]
  resources: [secrets]
  verbs: [get, create, update, delete {{- if .Values.secrets.watch }}, list, watch {{- end }}]
- apiGroups: [""]
  resources: [configmaps]
  verbs: [get, create, update, delete {{- if .Values.secrets.watch }}, list, watch {{- end }}]
- apiGroups: [""]
  resources: [namespaces]
  verbs: [get] # its labels, where a connection selects namespaces by them
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create]
{{- end }}

{{/* Also, with a ClusterRole: kopf notices CRDs that are created and deleted. */}}
{{- define "jitops.rights.cluster" -}}
- apiGroups: [apiextensions.k8s.io]
  resources: [customresourcedefinitions]
  verbs: [list, watch]
{{- end }}

{{/* In its own namespace: the Lease, and with Roles only the Secret with the hash key. */}}
{{- define "jitops.rights.own" -}}
{{- if .Values.leaderElection.enabled }}
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [create] # RBAC can't name what is to be created
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [{{ include "jitops.fullname" . }}]
  verbs: [get, update]
{{- end }}
{{- if and (eq (include "jitops.scope" .) "Namespaced") (not (has .Release.Namespace .Values.watchNamespaces)) }}
- apiGroups: [""]
  resources: [secrets]
  verbs: [create]
- apiGroups: [""]
  resources: [secrets]
  resourceNames: [jitops-hash-key]
  verbs: [get]
{{- end }}
{{- end }}

{{/* For `jitops release` during an uninstallation, in each namespace that the operator served. */}}
{{- define "jitops.rights.release" -}}
- apiGroups: [jitops.dev]
  resources: {{- include "jitops.plurals" . | trim | nindent 4 }}
  verbs: [list, patch]
- apiGroups: [""]
  resources: [secrets, configmaps]
  verbs: [get, update]
{{- end }}

{{/* The same in the release's namespace: stop the operator, and hold its Lease. */}}
{{- define "jitops.rights.release.own" -}}
- apiGroups: [apps]
  resources: [deployments/scale]
  resourceNames: [{{ include "jitops.fullname" . }}]
  verbs: [patch]
- apiGroups: [""]
  resources: [pods]
  verbs: [list]
{{- if .Values.leaderElection.enabled }}
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [create]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [{{ include "jitops.fullname" . }}]
  verbs: [get, update]
{{- end }}
{{- end }}

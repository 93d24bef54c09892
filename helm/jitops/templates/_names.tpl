{{/* The chart's name. */}}
{{- define "jitops.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* The name of the objects. */}}
{{- define "jitops.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else if contains (include "jitops.name" .) .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "jitops.name" .) | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{/* The name of the objects that exist only during the uninstallation. */}}
{{- define "jitops.releaseName" -}}
{{- printf "%s-release" (include "jitops.fullname" . | trunc 55 | trimSuffix "-") }}
{{- end }}

{{/* The labels that select the operator's pods; the pods of the release hook have another component. */}}
{{- define "jitops.selectorLabels" -}}
app.kubernetes.io/name: {{ include "jitops.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: operator
{{- end }}

{{/* The labels of every object. */}}
{{- define "jitops.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/name: {{ include "jitops.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: jitops
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "jitops.serviceAccountName" -}}
{{- default (ternary (include "jitops.fullname" .) "default" .Values.serviceAccount.create) .Values.serviceAccount.name }}
{{- end }}

{{- define "jitops.image" -}}
{{- if .Values.image.digest }}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) }}
{{- end }}
{{- end }}

{{/* `Cluster` or `Namespaced`; values that contradict each other end the rendering with a message. */}}
{{- define "jitops.scope" -}}
{{- $scope := default (ternary "Namespaced" "Cluster" (gt (len .Values.watchNamespaces) 0)) .Values.rbac.scope }}
{{- if and (eq $scope "Namespaced") (not .Values.watchNamespaces) }}
{{- fail "rbac.scope=Namespaced needs watchNamespaces: name the namespaces to serve" }}
{{- end }}
{{- if and .Values.watchNamespaces (not .Values.clusterId) }}
{{- fail "watchNamespaces needs clusterId: the UID of kube-system, which it would be otherwise, can't be read with Roles alone" }}
{{- end }}
{{- if and (not .Values.leaderElection.enabled) (gt (int .Values.replicaCount) 1) }}
{{- fail "replicaCount over 1 needs leaderElection.enabled: without the Lease all replicas would write" }}
{{- end }}
{{- $scope }}
{{- end }}

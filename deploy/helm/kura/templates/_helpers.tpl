{{- define "kura.fullname" -}}
{{- if contains "kura" .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-kura" .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{/* What finds the pods of one part again: given the parts "gateway" or "worker". */}}
{{- define "kura.selector" -}}
app.kubernetes.io/name: kura
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .part }}
{{- end }}

{{- define "kura.labels" -}}
{{ include "kura.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{- define "kura.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) -}}
{{- end -}}
{{- end }}

{{/* Everything but the secrets, which come as variables. */}}
{{- define "kura.config" -}}
version: 0.1
log:
  formatter: json
storage:
  {{- if .Values.s3.bucket }}
  s3:
    bucket: {{ .Values.s3.bucket | quote }}
    region: {{ .Values.s3.region | quote }}
    {{- if .Values.s3.endpoint }}
    regionendpoint: {{ .Values.s3.endpoint | quote }}
    {{- end }}
    forcepathstyle: {{ .Values.s3.forcePathStyle }}
  redirect:
    disable: {{ not .Values.s3.redirect }}
  {{- else }}
  filesystem:
    rootdirectory: /var/lib/registry
  {{- end }}
http:
  addr: ":5000"
  draintimeout: {{ .Values.drainSeconds }}s
  headers:
    X-Content-Type-Options: [nosniff]
  {{- if .Values.tls.existingSecret }}
  tls:
    certificate: /etc/kura/tls/tls.crt
    key: /etc/kura/tls/tls.key
  {{- end }}
{{- if .Values.redis.addresses }}
redis:
  addrs: {{ toYaml .Values.redis.addresses | nindent 4 }}
{{- end }}
{{- if .Values.auth.existingSecret }}
auth:
  htpasswd:
    realm: kura
    path: /etc/kura/auth/htpasswd
{{- end }}
kura:
  {{- if .Values.trustedProxies }}
  trustedProxies: {{ toYaml .Values.trustedProxies | nindent 4 }}
  {{- end }}
  {{- if .Values.policies }}
  policies: /etc/kura/policies
  {{- end }}
  tokens:
    {{- if .Values.tokens.existingClaim }}
    folder: /var/lib/kura/tokens
    {{- end }}
    service: kura
  {{- if eq .Values.mode "cluster" }}
  workers:
    listen: ":5001"
    # Each address behind this name is a worker.
    addresses: [{{ printf "%s-workers.%s.svc:5001" (include "kura.fullname" .) .Release.Namespace | quote }}]
  {{- end }}
{{- end }}

{{/* The secret that an earlier installation generated stays as it is. */}}
{{- define "kura.httpSecret" -}}
{{- $found := lookup "v1" "Secret" .Release.Namespace (include "kura.fullname" .) -}}
{{- if $found -}}
{{- index $found.data "secret" -}}
{{- else -}}
{{- randAlphaNum 48 | b64enc -}}
{{- end -}}
{{- end }}

{{/* kura answers / without a login; a worker answers gateways only, so that it listens has to do. */}}
{{- define "kura.probe" -}}
{{- if eq .part "gateway" -}}
httpGet: { path: /, port: registry, scheme: {{ ternary "HTTPS" "HTTP" (ne .root.Values.tls.existingSecret "") }} }
{{- else -}}
tcpSocket: { port: worker }
{{- end }}
{{- end }}

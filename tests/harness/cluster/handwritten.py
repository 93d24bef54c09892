"""Manifests that the examples lack."""

from __future__ import annotations

FUNCTION = """
apiVersion: v1
kind: ConfigMap
metadata: {name: code, labels: {jitops.dev/watch: "true"}}
data: {main.js: "export default async function (event) { return event; }"}
---
apiVersion: jitops.dev/v1alpha1
kind: JitsuFunction
metadata: {name: enrich}
spec:
  workspaceRef: {name: acme}
  name: Enrich
  kind: event
  codeFrom: [{configMapKeyRef: {name: code, key: main.js}}]
"""


API = """
apiVersion: jitops.dev/v1alpha1
kind: CustomAPI
metadata: {name: customers}
spec:
  organizationRef: {name: acme}
  name: Customers
  environment: {name: Development, urlPrefix: dev}
  serviceRoot: customers
  baseUrl: http://127.0.0.1:1
  services: [{name: read, project: CRM, operation: Read, method: GET, path: /, responseType: FinalTarget}]
  security: {profiles: [{name: partners, kind: Basic}]}
  publication: {mode: Manual}
"""

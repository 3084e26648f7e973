/** The values with which the chart makes the plain manifests of deploy/kubernetes. */
const rules = [
  {
    name: 'who signs in may pull',
    who: ['authenticated'],
    repositories: ['**'],
    actions: ['pull', 'list'],
  },
  { name: 'the administrator', who: ['admin'], repositories: ['**'], actions: ['*'] },
]

const both = {
  auth: { existingSecret: 'kura-auth' },
  httpSecret: { existingSecret: 'kura-http' },
  policies: { 'start.yaml': { rules } },
}

export const manifests = {
  'single.yaml': both,
  'cluster.yaml': {
    ...both,
    mode: 'cluster',
    persistence: { enabled: false },
    s3: { bucket: 'images', region: 'us-east-1', existingSecret: 'kura-s3' },
    redis: { addresses: ['redis:6379'], existingSecret: 'kura-redis' },
    tls: { existingSecret: 'registry-tls' },
    service: { type: 'LoadBalancer', port: 443 },
  },
} satisfies Record<string, Record<string, unknown>>

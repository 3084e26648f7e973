/** Whether objects of Kubernetes fit together: whatever one names, another has. */
import type { KubernetesObject } from './chart.ts'

type Labels = Record<string, string>
type Named = { name: string }
type Container = {
  args: string[]
  ports: { name: string }[]
  env: { name: string; value?: string; valueFrom?: { secretKeyRef: Named } }[]
  volumeMounts: { name: string; mountPath: string }[]
  securityContext: object
}
type Volume = Named & {
  configMap?: Named
  secret?: { secretName: string }
  persistentVolumeClaim?: { claimName: string }
}
type Pod = {
  serviceAccountName: string
  automountServiceAccountToken: boolean
  terminationGracePeriodSeconds: number
  securityContext: { runAsNonRoot: boolean }
  containers: [Container]
  volumes: Volume[]
}
export type Deployment = KubernetesObject & {
  spec: {
    selector: { matchLabels: Labels }
    template: { metadata: { labels: Labels }; spec: Pod }
  }
}

export const deploymentsOf = (objects: readonly KubernetesObject[]) =>
  objects.filter((it): it is Deployment => it.kind === 'Deployment')

/** `given` are the names of what the cluster has already. */
export function faultsOf(objects: readonly KubernetesObject[], given: readonly string[]): string[] {
  const has = (kind: string, name: string) =>
    given.includes(name) || objects.some((it) => it.kind === kind && it.metadata.name === name)
  const deployments = deploymentsOf(objects)
  const names = objects.map((it) => `${it.kind}/${it.metadata.name}`)
  return [
    ...names.filter((it, at) => names.indexOf(it) !== at).map((it) => `${it} is there twice`),
    ...deployments.flatMap((it) => faultsOfPod(it, has)),
    ...objects.flatMap((it) => faultsOfReferences(it, deployments, has)),
  ]
}

type Has = (kind: string, name: string) => boolean

function faultsOfPod({ metadata, spec }: Deployment, has: Has): string[] {
  const pod = spec.template.spec
  const [container] = pod.containers
  const references: [kind: string, name: string | undefined][] = [
    ['ServiceAccount', pod.serviceAccountName],
    ...pod.volumes.flatMap((it): [string, string | undefined][] => [
      ['ConfigMap', it.configMap?.name],
      ['Secret', it.secret?.secretName],
      ['PersistentVolumeClaim', it.persistentVolumeClaim?.claimName],
    ]),
    ...container.env.map((it): [string, string | undefined] => [
      'Secret',
      it.valueFrom?.secretKeyRef.name,
    ]),
  ]
  const volumes = pod.volumes.map(({ name }) => name)
  const mounts = container.volumeMounts.map(({ name }) => name)
  return [
    ...references.flatMap(([kind, name]) =>
      name === undefined || has(kind, name) ? [] : [`there is no ${kind} ${name}`],
    ),
    ...mounts.filter((it) => !volumes.includes(it)).map((it) => `there is no volume ${it}`),
    ...volumes.filter((it) => !mounts.includes(it)).map((it) => `nobody mounts ${it}`),
    ...(covers(spec.selector.matchLabels, spec.template.metadata.labels)
      ? []
      : [`${metadata.name} does not find its own pods`]),
  ]
}

const covers = (selector: Labels, labels: Labels) =>
  Object.entries(selector).every(([name, value]) => labels[name] === value)

/** Selectors have to find the pods of one deployment, and ports to be among theirs. */
function faultsOfReferences(
  object: KubernetesObject,
  deployments: readonly Deployment[],
  has: Has,
): string[] {
  const spec = (object.spec ?? {}) as Spec
  const from = spec.ingress?.flatMap((it) => it.from ?? []).map((it) => it.podSelector) ?? []
  const selectors = [
    spec.podSelector,
    ...from,
    object.kind === 'Service' ? { matchLabels: spec.selector as Labels } : undefined,
  ]
  const wanted = selectors.filter((it) => it !== undefined)
  const own = object.kind === 'PodDisruptionBudget' ? [spec.selector as Selector] : []
  const podsOf = ({ matchLabels }: Selector) =>
    deployments.filter((it) => covers(matchLabels, it.spec.template.metadata.labels))
  const lost = [...wanted, ...own].filter((it) => podsOf(it).length !== 1)
  const target = wanted[0] && podsOf(wanted[0])[0]
  const known = target?.spec.template.spec.containers[0].ports.map(({ name }) => name) ?? []
  const ports = [
    ...(object.kind === 'Service' ? (spec.ports ?? []).map((it) => it.targetPort) : []),
    ...(spec.ingress ?? []).flatMap((it) => it.ports.map(({ port }) => port)),
  ]
  const services = (spec.rules ?? []).flatMap((it) =>
    it.http.paths.map((path) => path.backend.service.name),
  )
  const scaled = spec.scaleTargetRef
  return [
    ...lost.map(
      (it) => `${object.kind} ${object.metadata.name} finds no pods by ${JSON.stringify(it)}`,
    ),
    ...ports.filter((it) => !known.includes(it)).map((it) => `no pod has a port ${it}`),
    ...services.filter((it) => !has('Service', it)).map((it) => `there is no service ${it}`),
    ...(scaled && !has(scaled.kind, scaled.name) ? [`there is no ${scaled.name} to scale`] : []),
  ]
}

type Selector = { matchLabels: Labels }
type Spec = {
  selector?: unknown
  podSelector?: Selector
  ports?: { targetPort: string }[]
  ingress?: { from?: { podSelector: Selector }[]; ports: { port: string }[] }[]
  rules?: { http: { paths: { backend: { service: Named } }[] } }[]
  scaleTargetRef?: { kind: string; name: string }
}

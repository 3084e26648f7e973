/**
 * nginx in front of a registry: the settings of distribution's guide, and those that make it faster
 * besides: connections to the registry are kept, and nothing is written to files on its way.
 */
import { findFreePort } from '../../test/support/ports.ts'
import type { Certificate } from '../settings.ts'
import type { Stage } from '../stage.ts'
import { startProgram } from './peer.ts'

type Given = { stage: Stage; certificate: Certificate; port: number }

export async function startNginx({ stage, certificate, port: behind }: Given) {
  const port = await findFreePort()
  const folder = await stage.folder()
  const text = configuration({ folder, certificate, port, behind })
  const args = (config: string) => ['-c', config, '-e', 'stderr', '-p', folder]
  const service = await startProgram({ stage, command: 'nginx', args, text })
  return { url: `https://127.0.0.1:${port}`, service }
}

type Ports = { folder: string; certificate: Certificate; port: number; behind: number }

const configuration = ({ folder, certificate, port, behind }: Ports) => `
daemon off;
${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes 2;
pid ${folder}/pid;
error_log stderr error;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  keepalive_requests 1000000;
  upstream registry { server 127.0.0.1:${behind}; keepalive 32; keepalive_requests 1000000; }
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${certificate.certificate};
    ssl_certificate_key ${certificate.key};
    ssl_protocols TLSv1.2 TLSv1.3;
    client_max_body_size 0;
    chunked_transfer_encoding on;
    location / {
      proxy_pass http://registry;
      proxy_http_version 1.1;
      proxy_request_buffering off;
      proxy_max_temp_file_size 0;
      proxy_read_timeout 900;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Real-IP $remote_addr;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
    }
  }
}
`

// SPDX-License-Identifier: Apache-2.0
//
// A prompt: the terminal service over a stream of bytes, the shell that reads from it, and what the
// shell is handed: a launcher, a broker's bundle, schemas. `typist` sits at the other end of the
// stream and types the script that its argument names. What needs a prompt with something else in
// it begins with this one:
//
//     (import 'shell.jsonnet') { script:: 'chat', programs_listed:: ['chat-client', 'chat-bot'] }
local tessera = import 'tessera.libsonnet';

tessera.manifest {
  local manifest = self,

  script:: 'shell',
  // What the launcher may start.
  programs_listed:: ['hello', 'echo', 'dozer', 'pong'],
  // What the broker brings to whom, and the capabilities that it needs for it besides these.
  operator:: [
    'timer',
    'console{writeLine}',
    'capabilities',
    'launcher',
    'schemas',
    'job{makeEndpoint,makeNotification,makeMemory,limits}',
  ],
  guest:: ['timer{now}', 'schemas'],
  bundled:: {},

  first: 'init-min',
  also: manifest.programs_listed,
  endpoint+: {
    stream: { messageMax: 640 },
    terminal: { messageMax: 640 },
    schemas: { messageMax: 640 },
    launcher: { messageMax: 640 },
    broker: { messageMax: 640 },
  },
  program+: {
    typist: {
      order: 1,
      keep: true,
      arguments: manifest.script,
      grant: {
        server: tessera.server('stream'),
        console: tessera.own('console', 'to show each row that comes back'),
      },
    },
    terminal: {
      order: 2,
      keep: true,
      grant: {
        server: tessera.server('terminal'),
        stream: tessera.client('stream',
                               'ByteStream',
                               ['state', 'read', 'write', 'drain'],
                               'the bytes of whoever sits there'),
        capabilities: tessera.own('capabilities', 'it makes a StdIO for each program'),
        timer: tessera.own('timer', 'it asks again for a stream that is gone'),
        console: tessera.own('console', 'to say what goes wrong'),
      },
    },
    schemas: {
      order: 3,
      keep: true,
      grant: {
        server: tessera.server('schemas'),
        console: tessera.own('console', 'to say what goes wrong'),
      },
    },
    launcher: {
      order: 4,
      keep: true,
      arguments: tessera.listed(manifest.programs_listed),
      grant: {
        server: tessera.server('launcher'),
        job: tessera.own('programs', 'each program gets a part of it'),
        space: tessera.own('space', 'it maps what it loads'),
        package: tessera.own('package', 'the programs are in it'),
        capabilities: tessera.own('capabilities', 'it makes a Task for each program'),
        callers: tessera.own('callers', "each program is of a session below the caller's"),
        timer: tessera.own('timer', 'it says when a program was started'),
        console: tessera.own('console', 'to say what goes wrong'),
      },
    },
    broker: {
      order: 5,
      keep: true,
      arguments: 'operator: %s; guest: %s' % [
        std.join(' ', manifest.operator),
        std.join(' ', manifest.guest),
      ],
      grant: {
        server: tessera.server('broker'),
        timer: tessera.own('timer', 'for the bundles'),
        console: tessera.own('console', 'for the bundles, and to say what it grants'),
        capabilities: tessera.own('capabilities', 'it makes facets, and for the bundles'),
        launcher: tessera.client('launcher',
                                 'Launcher',
                                 ['programs', 'start', 'tasks', 'own', 'script', 'scripts'],
                                 'it makes a launcher for each bundle'),
        schemas: tessera.client('schemas', 'SchemaSource', ['read'], 'for the bundles'),
        job: tessera.own('programs', 'for the bundles'),
      } + manifest.bundled,
    },
    shell: {
      order: 6,
      session: { name: 'typist', profile: 'operator' },
      grant: {
        terminal: tessera.client('terminal', 'TerminalSession', [
          'write',
          'writeLine',
          'readLine',
          'resize',
          'cancel',
          'size',
          'lend',
          'reclaim',
          'nextInterrupt',
          'takeBack',
          'complete',
          'nextSession',
          'drain',
        ], 'whoever sits there types to it'),
        timer: tessera.own('timer', 'to say how long something is held'),
        console: tessera.own('console', 'to say what goes wrong'),
        broker: tessera.client('broker', 'Broker', ['bundle'], 'it brings the rest'),
      },
    },
  },
}

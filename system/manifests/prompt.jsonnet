// SPDX-License-Identifier: Apache-2.0
//
// What `make run` boots: a prompt at the second serial port and another one at the third, each
// with a driver, a terminal and a shell of its own. Both shells have the operator's bundle. The end
// of the first shell is the end of all.
local tessera = import 'tessera.libsonnet';

// The ports of a PC: where they are, and which line is theirs.
local seats = { '2': { port: 760, line: 3 }, '3': { port: 1000, line: 4 } };

local seat(number, at, order) = {
  local stream = 'stream-' + number,
  local terminal = 'terminal-' + number,
  local serial = 'serial-' + number,

  endpoint+: { [stream]: { messageMax: 640 }, [terminal]: { messageMax: 640 } },
  memory+: { [serial]: { pages: 3 } },
  program+: {
    [serial]: {
      order: order,
      name: '16550',
      label: serial,
      keep: true,
      why: 'bytes between COM%s and its terminal, by interrupts' % number,
      grant: {
        server: tessera.server(stream, 'the terminal calls it'),
        ports: tessera.ports(at.port, 8, 'the registers of COM' + number),
        interrupt: tessera.line(at.line, 'the device asks for attention there'),
        bell: tessera.bell('where it is told'),
        state: tessera.memory(serial, true, 'what it must not forget when it starts again'),
        space: tessera.own('space', 'to map that'),
        console: tessera.own('console', 'to say why it ends'),
      },
    },
    [terminal]: {
      order: order + 1,
      name: 'terminal',
      label: terminal,
      keep: true,
      why: 'lines, editing, and who may read',
      grant: {
        server: tessera.server(terminal, 'the shell calls it'),
        stream: tessera.client(stream,
                               'ByteStream',
                               ['state', 'read', 'write', 'drain'],
                               'the bytes of whoever sits there'),
        capabilities: tessera.own('capabilities', 'it makes a StdIO for each program'),
        timer: tessera.own('timer', 'it asks again for a stream whose driver is gone'),
        console: tessera.own('console', 'to say what goes wrong'),
      },
    },
    ['shell-' + number]: {
      order: order + 20,
      name: 'shell',
      label: 'shell-' + number,
      seat: true,
      session: { name: 'operator at COM' + number, profile: 'operator' },
      why: 'the prompt',
      grant: {
        terminal: tessera.client(terminal, 'TerminalSession', [
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
};

tessera.manifest {
  local manifest = self,

  // What the launcher may start.
  programs_listed:: ['hello', 'echo', 'dozer', 'pong', 'plugin', 'plugin-host', 'chat', 'chat-bot'],
  // What the broker brings, and the capabilities that it needs for it besides these.
  operator:: [
    'timer',
    'console{writeLine}',
    'capabilities',
    'launcher',
    'schemas',
    'job{makeEndpoint,makeNotification,makeMemory,limits}',
    'system',
    'log{state}',
    'log-pages{read}',
    'history',
    'chat',
  ],
  bundled:: {},
  history:: tessera.client('history', 'AuthorityHistory', [
    'state',
    'refresh',
    'who',
    'holds',
    'path',
    'at',
    'diff',
    'reach',
    'uses',
    'whyNot',
    'whatIf',
    'suggest',
  ], 'for the bundle: who could do what', data=4294967296),

  // What `source` finds at the prompt.
  shell_script+:: { first: importstr '../scripts/first.shell' },

  first: 'init-min',
  also: manifest.programs_listed,
  endpoint+: {
    schemas: { messageMax: 640 },
    launcher: { messageMax: 640 },
    broker: { messageMax: 640 },
    history: { messageMax: 256 },
    chat: { messageMax: 640 },
  },
  program+: {
    authorityd: {
      order: 40,  // no prompt waits for it
      keep: true,
      why: 'shells ask it who could do what',
      grant: {
        server: tessera.server('history', 'shells call it'),
        log: tessera.own('log', 'it closes pages, and gives away those that it has read'),
        'log-pages': tessera.own('log-pages', 'it reads the commits'),
        timer: tessera.own('timer', 'it looks at the log from time to time'),
        console: tessera.own('console', 'to say what goes wrong'),
      },
    },
    schemas: {
      order: 10,
      keep: true,
      why: 'shells learn from it what can be called',
      grant: {
        server: tessera.server('schemas', 'shells call it'),
        console: tessera.own('console', 'to say what goes wrong'),
      },
    },
    launcher: {
      order: 11,
      keep: true,
      why: 'it starts what is on its list, with what the caller hands over',
      arguments: tessera.listed(manifest.programs_listed),
      grant: {
        server: tessera.server('launcher', 'shells call it'),
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
      order: 12,
      keep: true,
      why: 'it hands out bundles',
      arguments: 'operator: ' + std.join(' ', manifest.operator),
      grant: {
        server: tessera.server('broker', 'shells call it'),
        timer: tessera.own('timer', 'for the bundle'),
        console: tessera.own('console', 'for the bundle, and to say what it grants'),
        capabilities: tessera.own('capabilities', 'for the bundle, and to make facets'),
        launcher: tessera.client('launcher',
                                 'Launcher',
                                 ['programs', 'start', 'tasks', 'own', 'script', 'scripts'],
                                 'it makes a launcher for each bundle'),
        schemas: tessera.client('schemas', 'SchemaSource', ['read'], 'for the bundle'),
        job: tessera.own('programs', 'for the bundle'),
        system: tessera.client('init-min',
                               'System',
                               ['programs', 'restart', 'halt'],
                               'for the bundle: what runs, and how the machine is halted'),
        log: tessera.own('log', 'for the bundle: how far the log is'),
        'log-pages': tessera.own('log-pages', 'for the bundle: what was asked and refused'),
        history: manifest.history,
        chat: tessera.client('chat', 'Chat', ['enter'], 'for the bundle'),
      } + manifest.bundled,
    },
    'chat-server': {
      order: 30,  // no prompt waits for it
      keep: true,
      why: 'rooms in which people and programs talk',
      grant: {
        server: tessera.server('chat', 'members call it'),
        job: tessera.own('programs', 'it makes a bell for each member'),
        capabilities: tessera.own('capabilities', 'it makes a facet for each member'),
        timer: tessera.own('timer', 'nobody says more than so much in a time'),
        console: tessera.own('console', 'to say what goes wrong'),
      },
    },
    'chat-bot': {
      order: 31,
      keep: true,
      session: { name: 'the bot', profile: 'bot' },
      why: 'somebody to talk to',
      grant: { chat: tessera.client('chat', 'Chat', ['enter'], 'it sits in the lobby') },
    },
  },
} + seat('2', seats['2'], 1) + seat('3', seats['3'], 3)

// SPDX-License-Identifier: Apache-2.0
//
// What manifests are written with: maps where the manifest has lists, so that presets and a site's
// overlay can change one entry, or take it away by writing null for it. What is written here under
// a name that nobody knows is refused by the schema, since it stays in the manifest.
//
//     local tessera = import 'tessera.libsonnet';
//     tessera.manifest {
//       first: 'init-min',
//       endpoint+: { ping: { messageMax: 4096 } },
//       program+: {
//         pong: { order: 1, grant: { server: tessera.server('ping') } },
//       },
//     }
local reason(why) = if why == '' then {} else { why: why };
local present(map) = [name for name in std.objectFields(map) if map[name] != null];

{
  local tessera = self,

  // --- Words of the command line: make sim TAGS=loud,long ---

  tags:: [tag for tag in std.split(std.extVar('tags'), ',') if tag != ''],
  is_tagged(tag):: std.member(self.tags, tag),

  // --- Grants: where a capability comes from; `why` is for people, tools/plan prints it ---

  own(name, why=''):: { own: name } + reason(why),
  server(endpoint, why=''):: { server: endpoint } + reason(why),
  client(endpoint, interface, methods, why='', data=0):: {
    client: { endpoint: endpoint, interface: interface, methods: methods, receiverData: data },
  } + reason(why),
  // Memory that init-min keeps for programs that are started again.
  memory(of, write=false, why=''):: { memory: { of: of, write: write } } + reason(why),

  // A driver's device: I/O ports, an interrupt line, and a notification where it is told of it.
  ports(first, count, why=''):: { ports: { first: first, count: count } } + reason(why),
  line(number, why=''):: { line: number } + reason(why),
  bell(why=''):: { bell: null } + reason(why),

  // --- Programs that a person may start: what they use ---

  // By the name under which it looks for it: the interface. A shell offers it, nobody grants it.
  uses:: {
    hello: { console: 'DebugConsole' },
    echo: { stdio: 'StdIO' },
    dozer: { timer: 'Timer' },
    pong: { server: 'Endpoint', console: 'DebugConsole' },
  },
  // A list for the launcher's arguments.
  listed(programs):: std.join(' ', [
    if std.objectHas(tessera.uses, name)
    then '%s{%s}' % [name, std.join(',', [
      '%s:%s' % [grant, tessera.uses[name][grant]]
      for grant in std.objectFields(tessera.uses[name])
    ])]
    else name
    for name in programs
  ]),

  // --- The manifest ---

  manifest:: {
    local manifest = self,

    first: error 'first is missing: the name of the program that the kernel starts',
    endpoint:: {},
    memory:: {},
    // By a key of its choice; the program's name is that key unless it says otherwise. Two of the
    // same name are told apart by their `label`.
    program:: {},
    // Texts of scripts, by their names: importstr '../scripts/first.shell'.
    shell_script:: {},

    endpoints: [
      { name: key } + manifest.endpoint[key]
      for key in present(manifest.endpoint)
    ],
    memories: [{ name: key } + manifest.memory[key] for key in present(manifest.memory)],
    scripts: [
      { name: key, text: manifest.shell_script[key] }
      for key in present(manifest.shell_script)
    ],
    programs: std.sort(
      [tessera.program(key, manifest.program[key]) for key in present(manifest.program)],
      function(program) [program.order, program.key],
    ),
  },

  // Programs start by their `order`, and those with the same by their key.
  program(key, fields):: {
    local program = self,
    assert std.isNumber(program.order) : 'program %s: order is no number' % key,

    key:: key,
    name: key,
    order:: 50,
    grant:: {},
    grants: [{ name: name } + program.grant[name] for name in present(program.grant)],
  } + fields,
}

// SPDX-License-Identifier: Apache-2.0
//
// A shell that nobody types to: it carries out a script, and its code is the script's.
(import 'script.jsonnet') {
  script:: 'nobody',
  program+: { shell+: { arguments: "source twice one 'two three'" } },
}

// SPDX-License-Identifier: Apache-2.0
//
// A prompt that is mistreated: keys that mean nothing, programs that misuse the terminal, somebody
// who hangs up.
(import 'shell.jsonnet') {
  script:: 'garbage',
  programs_listed:: ['echo', 'torrent'],
}

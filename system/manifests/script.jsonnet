// SPDX-License-Identifier: Apache-2.0
//
// A prompt with scripts in its boot package, well and broken ones; `typist` runs them.
(import 'tour.jsonnet') {
  script:: 'script',
  programs_listed:: ['dozer'],
  shell_script+:: {
    first: importstr '../scripts/first.shell',
    twice: 'say $1 and $2\nif $1 == "one" { source twice two $1 ; exit 7 }\nsay "the end"\n',
    deep: 'source deep',
    broken: 'caps\nsay "well" )\n',
    fails: '# a line that says nothing\n\n  call nothing now\nsay "goes on:" $status\nclal\n',
    wrong: 'call timer sleepUntil soon',
    changes: 'facet timer only { now } -> $t\nsay said\nrelease t\n',
    endless: 'sleep 1000000s\nsay never\n',
  },
}

// SPDX-License-Identifier: Apache-2.0
//
// The prompt of `make run`, whose launcher can also start somebody who spoils a chat.
(import 'prompt.jsonnet') {
  programs_listed+:: ['chat-pest'],
}

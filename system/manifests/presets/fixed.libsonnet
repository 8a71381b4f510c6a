// SPDX-License-Identifier: Apache-2.0
//
// Every program at addresses that are always the same.
{
  programs: [program { fixed: true } for program in super.programs],
}

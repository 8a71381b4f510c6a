// SPDX-License-Identifier: Apache-2.0
//
// Every program at the addresses that the linker gave it.
{
  programs: [program { prepared: true } for program in super.programs],
}

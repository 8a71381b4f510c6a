# SPDX-License-Identifier: Apache-2.0
#
# The time of day, as a clock on a battery has it. The machine's own clock (Timer) only knows how
# long ago it was booted.
@0x9f4b3c0000000015;

interface WallClock @0x9f4b3c0000000901 {
  # Reads the clock; nobody sets it by this. Which zone its time is of is for who set it to know.
  # Transfer: copy. Session scope: shareable.

  now @0 () -> (year :UInt16, month :UInt8, day :UInt8, hour :UInt8, minute :UInt8, second :UInt8);
  # The Gregorian date and the time. Errors: failed where the clock has none, as with an empty
  # battery.

  nextSecond @1 () -> (year :UInt16, month :UInt8, day :UInt8, hour :UInt8, minute :UInt8,
                       second :UInt8);
  # The same when the next second begins. Errors: overloaded when three such calls wait.
}

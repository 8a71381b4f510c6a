# SPDX-License-Identifier: Apache-2.0
#
# What somebody who sits down at a terminal gets: the broker hands out a profile's bundle, named
# capabilities of which each is as narrow as the profile says.
@0x9f4b3c0000000013;

interface Broker @0x9f4b3c0000000701 {
  # A client's facet says whose bundle it is: the profile is not the client's choice. The session of
  # who calls has to be of the same profile, and disclose it (section 2 of its identity).
  # Transfer: none. Session scope: session.

  bundle @0 (index :UInt32) -> (count :UInt32, profile :Text, name :Text, capability :Capability);
  # How many capabilities the bundle has, and one of them, under its name. Each is a facet of its
  # own, so that what becomes of it is in the log. Errors: invalidArgument beyond the last; failed
  # for a session of another profile.
}

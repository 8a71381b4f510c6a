# SPDX-License-Identifier: Apache-2.0
# Commands of `make debug`.

define program
    add-symbol-file build/x86_64/programs/$arg0.elf -o $arg1
end
document program
program NAME ADDRESS: add the symbols of a program that was loaded at ADDRESS.
end

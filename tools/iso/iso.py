#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the bootable image: one file that is a CD and a disk, for BIOS and for UEFI.

    iso.py --kernel KERNEL.elf --package NAME.pkg --out NAME.iso [--command "tessera.log=verbose"]

GRUB comes from Debian's packages; it is put together here, so that equal inputs give equal bytes:
its modules are linked into one image for each firmware, all times are one fixed time, and nothing
of this machine (owners, modes, clock, serial numbers) reaches the output.

The layout, as firmware sees it: a master boot record that loads GRUB from the middle of the CD
(boot_hybrid.img), the El Torito entries of the CD for both firmwares (El Torito 1.0; UEFI 2.9,
13.3.2), and a partition entry for the FAT file system that holds GRUB for UEFI.
"""
import argparse
import os
import pathlib
import subprocess
import tempfile

GRUB = pathlib.Path("/usr/lib/grub")
TIME = 1577836800  # 2020-01-01, 00:00 UTC: any time does, if it is always the same
TIME_TEXT = "2020010100000000"
FAT_SERIAL = "7e55e7a0"
LABEL = "TESSERA"
FAT_KIB = 1024

MODULES = ["boot", "configfile", "echo", "iso9660", "multiboot2", "normal", "part_gpt",
           "part_msdos", "search", "search_fs_file", "serial", "sleep", "terminal"]
FIRMWARE_MODULES = {"i386-pc": ["biosdisk"], "x86_64-efi": ["fat"]}
# What GRUB does first: it finds the volume it came from, by the kernel, and reads the menu there.
FIRST = """\
serial --unit=0 --speed=115200
terminal_input console serial
terminal_output console serial
search --file --set=root /boot/tessera/kernel.elf
configfile ($root)/boot/grub/grub.cfg
"""
MENU = """\
set timeout=1
set default=0
"""
ENTRY = """\
menuentry "{title}" {{
    multiboot2 /boot/tessera/kernel.elf {command}
    module2 /boot/tessera/boot.pkg
}}
"""
ENTRIES = [("Tessera", ""), ("Tessera, safe mode", "tessera.safemode"),
           ("Tessera, recovery", "tessera.recovery")]
# What GRUB would read as more than a word of the command line.
FORBIDDEN = set("\"'\\${}|&;<>#\n")


def run(*words):
    done = subprocess.run([str(word) for word in words], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False,
                          env={**os.environ, "SOURCE_DATE_EPOCH": str(TIME), "TZ": "UTC",
                               "LC_ALL": "C", "MTOOLSRC": "/dev/null", "MTOOLS_SKIP_CHECK": "1"})
    if done.returncode != 0:
        raise SystemExit(f"iso: {words[0]} ended with status {done.returncode}:\n{done.stdout}")


def menu(command):
    entries = [ENTRY.format(title=title, command=f"{command} {more}".strip())
               for title, more in ENTRIES]
    return MENU + "".join(entries)


def grub_image(folder, platform, name):
    """GRUB for one firmware, with its modules and its first commands, as one file."""
    first = folder / "first.cfg"
    first.write_text(FIRST, encoding="utf-8")
    target = "i386-pc-eltorito" if platform == "i386-pc" else platform
    run("grub-mkimage", "-d", GRUB / platform, "-O", target, "-p", "/boot/grub", "-c", first,
        "-o", folder / name, *MODULES, *FIRMWARE_MODULES[platform])
    return folder / name


def efi_partition(folder):
    """A FAT file system with the one file that UEFI starts from media (UEFI 2.9, 3.5.1.1)."""
    program = grub_image(folder, "x86_64-efi", "bootx64.efi")
    os.utime(program, (TIME, TIME))
    image = folder / "efi.img"
    with open(image, "wb") as file:
        file.truncate(FAT_KIB * 1024)
    run("mformat", "-i", image, "-N", FAT_SERIAL, "-v", LABEL, "-h", 2, "-s", 32,
        "-T", FAT_KIB * 2, "::")
    run("mmd", "-i", image, "::/EFI", "::/EFI/BOOT")
    run("mcopy", "-m", "-i", image, program, "::/EFI/BOOT/BOOTX64.EFI")
    return image


def stage(folder, files):
    """The tree of the CD, with modes and times that are always the same."""
    root = folder / "root"
    for path, data in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    for path in [root, *root.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o444)
        os.utime(path, (TIME, TIME))
    return root


def make(kernel, package, out, command=""):
    wrong = FORBIDDEN & set(command)
    if wrong or not command.isascii():
        raise SystemExit(f"iso: the command line may not have any of {''.join(sorted(wrong))!r}, "
                         "nor bytes that are not ASCII: GRUB would read them as its own")
    with tempfile.TemporaryDirectory(prefix="iso-") as name:
        folder = pathlib.Path(name)
        bios = grub_image(folder, "i386-pc", "bios.img")
        root = stage(folder, {
            "boot/tessera/kernel.elf": pathlib.Path(kernel).read_bytes(),
            "boot/tessera/boot.pkg": pathlib.Path(package).read_bytes(),
            "boot/grub/grub.cfg": menu(command).encode(),
            "boot/grub/bios.img": bios.read_bytes(),
            "boot/grub/efi.img": efi_partition(folder).read_bytes()})
        image = folder / "image.iso"
        run("xorriso", "-as", "mkisofs", "-quiet", "-R", "-uid", "0", "-gid", "0",
            "-volid", LABEL, f"--modification-date={TIME_TEXT}",
            "-b", "boot/grub/bios.img", "-no-emul-boot", "-boot-load-size", "4",
            "-boot-info-table", "--grub2-boot-info",
            "--grub2-mbr", GRUB / "i386-pc/boot_hybrid.img",
            "--efi-boot", "boot/grub/efi.img", "-efi-boot-part", "--efi-boot-image",
            "--protective-msdos-label", "-o", image, root)
        pathlib.Path(out).write_bytes(image.read_bytes())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kernel", required=True)
    parser.add_argument("--package", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--command", default="", help="words for the kernel")
    arguments = parser.parse_args()
    make(arguments.kernel, arguments.package, arguments.out, arguments.command)


if __name__ == "__main__":
    main()

use std::process::Command;

use artifact_publish::{BinaryError, BinaryFormat, Platform, binary::inspect_header, check_platform, inspect};

fn elf(class: u8, data: u8, abi: u8, machine: u16) -> Vec<u8> {
    let mut header = vec![0x7f, b'E', b'L', b'F', class, data, 1, abi];
    header.resize(64, 0);
    let word = if data == 1 { machine.to_le_bytes() } else { machine.to_be_bytes() };
    header[18..20].copy_from_slice(&word);
    header
}

fn pe(machine: u16, at: u32) -> Vec<u8> {
    let mut header = vec![0; 64];
    header[..2].copy_from_slice(b"MZ");
    header[0x3c..0x40].copy_from_slice(&at.to_le_bytes());
    header.resize(at as usize, 0);
    header.extend_from_slice(b"PE\0\0");
    header.extend_from_slice(&machine.to_le_bytes());
    header
}

fn macho(magic: u32, cpu: u32) -> Vec<u8> {
    let mut header = [magic.to_le_bytes(), cpu.to_le_bytes()].concat();
    header.resize(32, 0);
    header
}

fn fat(magic: u32, entry: usize, cpus: &[u32]) -> Vec<u8> {
    let mut header = [magic.to_be_bytes(), (cpus.len() as u32).to_be_bytes()].concat();
    for cpu in cpus {
        let mut arch = cpu.to_be_bytes().to_vec();
        arch.resize(entry, 0);
        header.extend(arch);
    }
    header
}

#[test]
fn headers_of_every_platform() {
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("linux/386", elf(1, 1, 0, 3), "ELF for linux/386"),
        ("linux/amd64", elf(2, 1, 0, 62), "ELF for linux/amd64"),
        ("linux/amd64, GNU mark", elf(2, 1, 3, 62), "ELF for linux/amd64"),
        ("linux/arm", elf(1, 1, 0, 40), "ELF for linux/arm"),
        ("linux/arm64", elf(2, 1, 0, 183), "ELF for linux/arm64"),
        ("linux/ppc64le", elf(2, 1, 0, 21), "ELF for linux/ppc64le"),
        ("linux/s390x", elf(2, 2, 0, 22), "ELF for linux/s390x"),
        ("linux/riscv64", elf(2, 1, 0, 243), "ELF for linux/riscv64"),
        ("big-endian power", elf(2, 2, 0, 21), "ELF for linux/unknown architecture"),
        ("x32", elf(1, 1, 0, 62), "ELF for linux/unknown architecture"),
        ("freebsd", elf(2, 1, 9, 62), "ELF for freebsd/amd64"),
        ("netbsd", elf(2, 1, 2, 62), "ELF for netbsd/amd64"),
        ("openbsd", elf(2, 1, 12, 62), "ELF for openbsd/amd64"),
        ("solaris", elf(2, 1, 6, 62), "ELF for solaris/amd64"),
        ("unknown mark", elf(2, 1, 200, 62), "ELF for unknown system/amd64"),
        ("windows/386", pe(0x14c, 0x80), "PE for windows/386"),
        ("windows/amd64", pe(0x8664, 0xf8), "PE for windows/amd64"),
        ("windows/arm64", pe(0xaa64, 0x80), "PE for windows/arm64"),
        ("darwin/386", macho(0xfeed_face, 7), "Mach-O for darwin/386"),
        ("darwin/amd64", macho(0xfeed_facf, 0x0100_0007), "Mach-O for darwin/amd64"),
        ("darwin/arm64", macho(0xfeed_facf, 0x0100_000c), "Mach-O for darwin/arm64"),
        ("universal", fat(0xcafe_babe, 20, &[0x0100_0007, 0x0100_000c]), "Mach-O for darwin/amd64+arm64"),
        ("universal, wide", fat(0xcafe_babf, 32, &[0x0100_000c]), "Mach-O for darwin/arm64"),
        ("java", vec![0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 52, 0, 1], "no program"),
        ("script", b"#!/bin/sh\n".to_vec(), "script"),
        ("dos", b"MZ\0\0".to_vec(), "no program"),
        ("short elf", b"\x7fELF".to_vec(), "no program"),
        ("empty", Vec::new(), "no program"),
        ("text", b"hello\n".to_vec(), "no program"),
    ];
    for (name, header, expected) in cases {
        assert_eq!(inspect_header(&header).to_string(), expected, "{name}");
    }
}

#[test]
fn the_compiler_s_own_output() {
    let root = tempfile::tempdir().unwrap();
    let (source, program) = (root.path().join("a.c"), root.path().join("a"));
    std::fs::write(&source, "int main(void) { return 0; }\n").unwrap();
    let status = Command::new("cc").arg("-o").arg(&program).arg(&source).status().unwrap();
    assert!(status.success());
    let machine = Command::new("uname").arg("-m").output().unwrap();
    let arch = match String::from_utf8(machine.stdout).unwrap().trim() {
        "x86_64" => "amd64".to_owned(),
        "aarch64" => "arm64".to_owned(),
        other => other.to_owned(),
    };
    let host: Platform =
        format!("{}/{arch}", if cfg!(target_os = "macos") { "darwin" } else { "linux" }).parse().unwrap();
    check_platform(&program, host).unwrap();
    assert_eq!(inspect(&program).unwrap().arch(), Some(host.arch));

    let error = check_platform(&program, "windows/386".parse().unwrap()).unwrap_err();
    let found = inspect(&program).unwrap();
    assert_eq!(error.to_string(), format!("`{}` is {found}, expected a program for windows/386", program.display()));
    assert!(
        matches!(check_platform(&source, host), Err(BinaryError::WrongPlatform { found, .. }) if found.format == BinaryFormat::Other)
    );
    assert!(matches!(check_platform(&root.path().join("none"), host), Err(BinaryError::Read { .. })));
}

#[test]
fn platforms_as_text() {
    for text in ["linux/amd64", "darwin/arm64", "windows/386", "linux/s390x", "freebsd/riscv64"] {
        let platform: Platform = text.parse().unwrap();
        assert_eq!(platform.to_string(), text);
        assert_eq!(text.replace('/', "-").parse::<Platform>().unwrap(), platform);
    }
    for bad in ["", "linux", "linux/x86", "plan9/amd64", "linux/amd64/v2"] {
        assert!(bad.parse::<Platform>().is_err(), "{bad:?}");
    }
    let error = "linux/x86".parse::<Platform>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "`x86` is no architecture: known are `386` `amd64` `arm` `arm64` `ppc64le` `riscv64` `s390x`"
    );
}

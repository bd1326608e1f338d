package org.wardian.definition.domain;

import java.util.Set;

/** Names of processor architectures. */
final class Architectures {
  /** Those that our machine has. */
  static final Set<String> OWN = Set.of("x86_64", "i686");

  /** Those that libvirt knows. */
  static final Set<String> KNOWN =
      Set.of(
          "alpha",
          "armv6l",
          "armv7l",
          "armv7b",
          "aarch64",
          "cris",
          "i686",
          "ia64",
          "lm32",
          "loongarch64",
          "m68k",
          "microblaze",
          "microblazeel",
          "mips",
          "mipsel",
          "mips64",
          "mips64el",
          "openrisc",
          "parisc",
          "parisc64",
          "ppc",
          "ppc64",
          "ppc64le",
          "ppcemb",
          "riscv32",
          "riscv64",
          "s390",
          "s390x",
          "sh4",
          "sh4eb",
          "sparc",
          "sparc64",
          "tricore",
          "unicore32",
          "x86_64",
          "xtensa",
          "xtensaeb");

  private Architectures() {}
}

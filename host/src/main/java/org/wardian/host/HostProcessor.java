package org.wardian.host;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/** What the host's processor and kernel lend to a virtual machine, each with a reason in words. */
public final class HostProcessor {
  private static final Path CPUINFO = Path.of("/proc/cpuinfo");
  private static final String KVM = "/dev/kvm";

  /** {@code O_RDWR | O_CLOEXEC}: {@code include/uapi/asm-generic/fcntl.h}. */
  private static final int OPEN_FLAGS = 02 | 02000000;

  /** {@code KVM_GET_API_VERSION}: {@code include/uapi/linux/kvm.h}. */
  private static final long KVM_GET_API_VERSION = 0xae00;

  private static final int KVM_API_VERSION = 12;

  /** Instruction set of the host. */
  public enum Architecture {
    X86_64,
    AARCH64,
    OTHER
  }

  /**
   * Whether the host can do something.
   *
   * @param available whether it can
   * @param reason one line for the user: why not and what to do, or what was found
   */
  public record Capability(boolean available, String reason) {}

  private final Architecture architecture;
  private final String vendor;
  private final String model;
  private final Set<String> flags;

  private HostProcessor(Architecture architecture, String vendor, String model, Set<String> flags) {
    this.architecture = architecture;
    this.vendor = vendor;
    this.model = model;
    this.flags = Set.copyOf(flags);
  }

  /** Looks at the host that we run on. */
  public static HostProcessor current() {
    Architecture architecture = architecture(System.getProperty("os.arch", ""));
    try {
      List<String> lines =
          Libc.LINUX && Files.isReadable(CPUINFO)
              ? Files.readAllLines(CPUINFO, StandardCharsets.ISO_8859_1)
              : List.of();
      return parse(architecture, lines);
    } catch (IOException e) {
      return parse(architecture, List.of());
    }
  }

  private static Architecture architecture(String name) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "amd64", "x86_64" -> Architecture.X86_64;
      case "aarch64", "arm64" -> Architecture.AARCH64;
      default -> Architecture.OTHER;
    };
  }

  /** Reads the first processor of {@code /proc/cpuinfo}; unknown lines are passed over. */
  static HostProcessor parse(Architecture architecture, List<String> lines) {
    String vendor = "unknown";
    String model = "unknown";
    Set<String> flags = new TreeSet<>();
    for (String line : lines) {
      int colon = line.indexOf(':');
      if (colon < 0) {
        if (line.isBlank() && !flags.isEmpty()) {
          break;
        }
        continue;
      }
      String value = line.substring(colon + 1).strip();
      switch (line.substring(0, colon).strip()) {
        case "vendor_id" -> vendor = value;
        case "model name" -> model = value;
        case "flags", "Features" -> flags.addAll(List.of(value.split("\\s+")));
        default -> {
          // Caches, bugs, topology: not asked for here.
        }
      }
    }
    flags.remove("");
    return new HostProcessor(architecture, vendor, model, flags);
  }

  /** Instruction set. */
  public Architecture architecture() {
    return architecture;
  }

  /** The maker as CPUID tells it: "GenuineIntel", "AuthenticAMD", or "unknown". */
  public String vendor() {
    return vendor;
  }

  /** The maker's name of the processor, or "unknown". */
  public String model() {
    return model;
  }

  /** Feature flags by the kernel's names; empty where the kernel does not tell. */
  public Set<String> flags() {
    return flags;
  }

  /** Whether the processor has a feature, by the kernel's name: "avx2", "bmi2". */
  public boolean has(String flag) {
    return flags.contains(flag);
  }

  /** Whether memory may be written and executed, which translation to host code needs. */
  public static Capability executableMemory() {
    try (Mapping mapping = Mapping.executable(1)) {
      return new Capability(mapping.size() > 0, "writable and executable memory can be had");
    } catch (HostException e) {
      return new Capability(false, e.getMessage());
    }
  }

  /** Whether /dev/kvm exists, may be opened and speaks the interface that we know. */
  public static Capability kvm() {
    if (!Libc.LINUX) {
      return new Capability(false, "KVM needs Linux");
    }
    if (!Files.exists(Path.of(KVM))) {
      return new Capability(
          false,
          KVM
              + " does not exist: load the module kvm_intel or kvm_amd, or switch virtualization on"
              + " in the firmware (in a cloud machine: nested virtualization)");
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment path = arena.allocateFrom(KVM);
      NativeCall.Result opened = Libc.OPEN.call(path.address(), OPEN_FLAGS);
      if (opened.failed()) {
        String remedy =
            opened.errno() == Errno.EACCES || opened.errno() == Errno.EPERM
                ? ": add yourself to the group that owns it (kvm)"
                : "";
        return new Capability(
            false, KVM + " cannot be opened: " + Errno.text(opened.errno()) + remedy);
      }
      int fd = (int) opened.value();
      NativeCall.Result version = Libc.IOCTL.call(fd, KVM_GET_API_VERSION, 0L);
      Libc.CLOSE.call(fd);
      return new Capability(
          version.value() == KVM_API_VERSION,
          version.value() == KVM_API_VERSION
              ? KVM + " opens"
              : KVM + " answers with interface version " + version.value() + ", not 12");
    }
  }
}

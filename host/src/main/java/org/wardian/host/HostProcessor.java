package org.wardian.host;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.wardian.host.kvm.Kvm;

/** What the host's processor and kernel lend to a virtual machine, each with a reason in words. */
public final class HostProcessor {
  private static final Path CPUINFO = Path.of("/proc/cpuinfo");

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
        case "flags", "Features" -> flags.addAll(List.of(value.split(" ")));
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
    try (Kvm kvm = Kvm.open()) {
      return new Capability(true, kvm + " opens");
    } catch (HostException e) {
      return new Capability(false, e.getMessage());
    }
  }
}

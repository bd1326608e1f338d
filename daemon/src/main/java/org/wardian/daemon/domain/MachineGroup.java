package org.wardian.daemon.domain;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import org.wardian.daemon.typed.ParamReader;
import org.wardian.daemon.typed.Refusal;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;

/**
 * The control group of a machine's process, of version 2, where this host lets the daemon have one
 * with controllers. Source: Documentation/admin-guide/cgroup-v2.rst.
 */
final class MachineGroup {
  private static final System.Logger LOG = System.getLogger(MachineGroup.class.getName());
  private static final Path ROOT = Path.of("/sys/fs/cgroup");
  private static final String NAME = "wardian-";
  private static final long UNLIMITED = 9_007_199_254_740_991L;

  /** Shares of version 1 that are the weight 100 of version 2. */
  private static final long USUAL_SHARES = 1_024;

  private final Path folder;

  private MachineGroup(Path folder) {
    this.folder = folder;
  }

  private static Path folder(long pid) {
    return ROOT.resolve(NAME + pid);
  }

  /** Puts a process into a group of its own; nothing where that is not permitted. */
  static void make(long pid) {
    if (!Files.exists(ROOT.resolve("cgroup.controllers"))) {
      return;
    }
    Path folder = folder(pid);
    try {
      Files.createDirectory(folder);
      Files.writeString(folder.resolve("cgroup.procs"), Long.toString(pid));
    } catch (IOException e) {
      LOG.log(System.Logger.Level.DEBUG, () -> "no control group for process " + pid + ": " + e);
      remove(pid);
    }
  }

  /** Removes the group of a process that has ended. */
  static void remove(long pid) {
    try {
      Files.deleteIfExists(folder(pid));
    } catch (IOException e) {
      LOG.log(System.Logger.Level.DEBUG, () -> folder(pid) + " is not removed: " + e);
    }
  }

  /** The group of a machine; perhaps none. */
  static MachineGroup of(Machine machine) {
    Path folder = folder(machine.pid());
    return new MachineGroup(Files.isDirectory(folder) ? folder : null);
  }

  /**
   * Limits the processors' time.
   *
   * @throws LibvirtException where there is no such controller
   */
  void setProcessors(ParamReader params) throws LibvirtException {
    Path weight = file("cpu.weight", "CPU");
    OptionalLong shares = params.number("cpu_shares");
    if (shares.isPresent()) {
      write(weight, Long.toString(Math.clamp(shares.getAsLong() * 100 / USUAL_SHARES, 1, 10_000)));
    }
    if (params.has("global_quota") || params.has("global_period")) {
      long quota = params.number("global_quota").orElse(0);
      write(
          file("cpu.max", "CPU"),
          (quota <= 0 ? "max" : Long.toString(quota))
              + " "
              + Math.max(params.number("global_period").orElse(100_000), 1_000));
    }
  }

  /**
   * Limits the memory.
   *
   * @throws LibvirtException where there is no such controller
   */
  void setMemory(ParamReader params) throws LibvirtException {
    file("memory.max", "memory");
    limit(params, "hard_limit", "memory.max");
    limit(params, "soft_limit", "memory.high");
    limit(params, "swap_hard_limit", "memory.swap.max");
  }

  private void limit(ParamReader params, String name, String file) throws LibvirtException {
    OptionalLong kib = params.number(name);
    if (kib.isPresent()) {
      write(
          folder.resolve(file),
          kib.getAsLong() >= UNLIMITED ? "max" : Long.toString(kib.getAsLong() << 10));
    }
  }

  private Path file(String name, String controller) throws LibvirtException {
    if (folder == null || !Files.exists(folder.resolve(name))) {
      throw Refusal.qemu(
          ErrorNumber.OPERATION_INVALID, "cgroup " + controller + " controller is not mounted");
    }
    return folder.resolve(name);
  }

  private static void write(Path file, String value) throws LibvirtException {
    try {
      Files.writeString(file, value);
    } catch (IOException e) {
      throw Refusal.system("Unable to write to '" + file + "': " + e.getMessage(), e);
    }
  }
}

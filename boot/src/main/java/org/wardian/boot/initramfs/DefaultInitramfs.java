package org.wardian.boot.initramfs;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The user land of the default guest: a static busybox with an {@code /init} that ends in busybox's
 * own init and a shell with job control on the console. {@code poweroff} and {@code reboot} go
 * through that init; the end of the shell switches the machine off. Where the kernel's drivers are
 * given too, those of the devices that are there are loaded first, and cards ask for an address.
 *
 * <p>The console's size and kind are taken from the kernel command line: {@value #ROWS_PARAMETER},
 * {@value #COLUMNS_PARAMETER} and {@value #TERMINAL_PARAMETER}, each with {@code =} and a value.
 */
public final class DefaultInitramfs {
  /** Names the kernel parameter with the console's height in lines. */
  public static final String ROWS_PARAMETER = "wardian.rows";

  /** Names the kernel parameter with the console's width in columns. */
  public static final String COLUMNS_PARAMETER = "wardian.cols";

  /** Names the kernel parameter with the value of {@code TERM} in the guest. */
  public static final String TERMINAL_PARAMETER = "wardian.term";

  /** What the shell prints when it is ready, in the home folder: {@value}. */
  public static final String PROMPT = "wardian:~# ";

  private static final String HOSTNAME = "wardian\n";
  private static final int MEMORY_DEVICES = 1;
  private static final int CONSOLE_DEVICES = 5;

  private DefaultInitramfs() {}

  /**
   * The archive as a kernel takes it.
   *
   * @param busybox a statically linked busybox of the guest's architecture
   */
  public static byte[] build(byte[] busybox) {
    return archive(busybox, List.of()).toBytes();
  }

  /**
   * The archive with the drivers of a kernel behind it: Linux unpacks one after the other.
   *
   * @param busybox a statically linked busybox of the guest's architecture
   * @param drivers an archive with the kernel's modules below {@code lib/modules}, or nothing
   */
  public static byte[] build(byte[] busybox, byte[] drivers) {
    byte[] own = build(busybox);
    byte[] both = Arrays.copyOf(own, own.length + drivers.length);
    System.arraycopy(drivers, 0, both, own.length, drivers.length);
    return both;
  }

  /**
   * The archive with further entries behind ours.
   *
   * @param busybox a statically linked busybox of the guest's architecture
   * @param further more files; folders that are not ours must come before what they hold
   */
  public static CpioArchive archive(byte[] busybox, List<CpioEntry> further) {
    List<CpioEntry> entries = new ArrayList<>();
    for (String folder :
        List.of(
            "bin",
            "dev",
            "etc",
            "etc/init.d",
            "etc/udhcpc",
            "proc",
            "run",
            "sbin",
            "sys",
            "usr",
            "usr/bin",
            "usr/sbin",
            "usr/local",
            "usr/local/bin",
            "usr/local/sbin",
            "var",
            "var/log")) {
      entries.add(CpioEntry.directory(folder, 0755));
    }
    entries.add(CpioEntry.directory("root", 0700));
    entries.add(CpioEntry.directory("tmp", 01777));
    // The kernel opens the console for /init before anything is mounted.
    entries.add(CpioEntry.characterDevice("dev/console", 0600, CONSOLE_DEVICES, 1));
    entries.add(CpioEntry.characterDevice("dev/null", 0666, MEMORY_DEVICES, 3));
    entries.add(CpioEntry.file("bin/busybox", 0755, busybox));
    entries.add(CpioEntry.symbolicLink("bin/sh", "busybox"));
    entries.add(CpioEntry.file("init", 0755, resource("init")));
    entries.add(CpioEntry.file("etc/inittab", 0644, resource("inittab")));
    entries.add(CpioEntry.file("etc/init.d/console", 0755, resource("console")));
    entries.add(CpioEntry.file("etc/init.d/devices", 0755, resource("devices")));
    entries.add(CpioEntry.file("etc/udhcpc/default.script", 0755, resource("lease")));
    entries.add(CpioEntry.file("etc/profile", 0644, resource("profile")));
    entries.add(CpioEntry.file("etc/motd", 0644, resource("motd")));
    entries.add(CpioEntry.file("etc/passwd", 0644, resource("passwd")));
    entries.add(CpioEntry.file("etc/group", 0644, resource("group")));
    byte[] hostname = HOSTNAME.getBytes(StandardCharsets.US_ASCII);
    entries.add(CpioEntry.file("etc/hostname", 0644, hostname));
    entries.addAll(further);
    return CpioArchive.of(entries);
  }

  private static byte[] resource(String name) {
    try (InputStream in = DefaultInitramfs.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException("this build lacks the resource " + name);
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the resource " + name, e);
    }
  }
}

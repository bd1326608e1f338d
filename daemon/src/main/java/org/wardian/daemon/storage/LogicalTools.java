package org.wardian.daemon.storage;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.wardian.libvirt.error.LibvirtException;

/** The programs of the package lvm2, which alone know how volume groups are kept on devices. */
final class LogicalTools {
  /** Those that anything here runs. */
  private static final List<String> ALL =
      List.of(
          "lvchange",
          "lvcreate",
          "lvremove",
          "lvs",
          "pvcreate",
          "pvremove",
          "pvs",
          "vgchange",
          "vgcreate",
          "vgremove",
          "vgs");

  private final Path folder;

  /**
   * Those of a folder.
   *
   * @param folder where libvirt looks for them, which is {@code /sbin}
   */
  LogicalTools(Path folder) {
    this.folder = folder;
  }

  /** Whether all of them are there; packages come and go while the daemon runs. */
  boolean installed() {
    return ALL.stream().allMatch(tool -> Files.isExecutable(folder.resolve(tool)));
  }

  /**
   * Runs one.
   *
   * @return what it printed
   * @throws LibvirtException where it is missing or fails
   */
  String run(String tool, List<String> arguments) throws LibvirtException {
    if (!installed()) {
      throw StorageErrors.unsupported(
          "pools of type 'logical' need the programs of the package lvm2, which are not in "
              + folder);
    }
    return HostCommand.run(folder.resolve(tool).toString(), arguments.toArray(String[]::new));
  }

  /** The same in the form that {@link LogicalReport} reads. */
  String report(String tool, String fields, String... of) throws LibvirtException {
    return run(tool, reportArguments(fields, of));
  }

  static List<String> reportArguments(String fields, String... of) {
    List<String> arguments =
        new ArrayList<>(
            List.of("--reportformat", "json", "--units", "b", "--nosuffix", "--options", fields));
    arguments.addAll(List.of(of));
    return arguments;
  }
}

package org.wardian.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.wardian.boot.catalogue.SystemDefinition;
import org.wardian.boot.seed.CloudSeed;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options of {@code ward run} for guests that are whole systems on a disk. */
final class SystemOptionsMixin {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--keep",
      paramLabel = "FILE",
      description =
          "With a system such as debian: keep its disk in FILE, an overlay of qcow2 that is made if"
              + " it does not exist and gone on with if it does. Without it all that the guest"
              + " writes is thrown away at the end.")
  private Path keep;

  @Option(
      names = "--disk-size",
      paramLabel = "SIZE",
      description = "With a new --keep: how large its disk is (default: 10G, the least).")
  private ByteSize diskSize;

  @Option(
      names = "--user",
      paramLabel = "NAME",
      description =
          "With a system: the name of its user, who may sudo (default: yours, or 'debian' where"
              + " that cannot be).")
  private String user;

  @Option(
      names = "--ssh-key",
      paramLabel = "FILE",
      description =
          "With a system: a public key by which its user may log in, may be repeated (default: all"
              + " of ~/.ssh/*.pub).")
  private List<Path> keys = List.of();

  @Option(
      names = "--password",
      paramLabel = "TEXT",
      description =
          "With a system: its user's password. Without one this terminal is logged in by itself,"
              + " and ssh takes keys alone.")
  private String password;

  @Option(
      names = "--hostname",
      paramLabel = "NAME",
      description = "With a system: what it is called (default: its name in the catalogue).")
  private String hostname;

  @Option(
      names = "--mirror",
      paramLabel = "ADDRESS",
      description =
          "With a system that is yet to be made: where its packages come from (default: as 'ward"
              + " help image' tells).")
  private String mirror;

  /** The archive's address, or empty for the machine's own choice. */
  Optional<String> mirror() {
    return Optional.ofNullable(mirror);
  }

  /**
   * What was asked for; empty where the guest is no system.
   *
   * @param system the guest, if it is one
   * @param devices of the machine
   * @param saving whether the machine is to be saved, or was
   * @throws ParameterException where it makes no sense
   */
  Optional<SystemRequest> request(
      Optional<SystemDefinition> system, DeviceRequest devices, KeepRequest saving) {
    if (system.isEmpty()) {
      requireNone();
      return Optional.empty();
    }
    if (keep == null && (saving.saveTo().isPresent() || saving.restoreFrom().isPresent())) {
      throw new ParameterException(
          spec.commandLine(),
          "--save-to and --restore-from need --keep FILE with a system: its disk has to outlive"
              + " the machine");
    }
    if (saving.restoreFrom().isPresent() && (tellsTheSystem() || diskSize != null)) {
      throw new ParameterException(
          spec.commandLine(),
          "--user, --ssh-key, --password, --hostname and --disk-size are told to a system when it"
              + " starts; one that is restored knows them");
    }
    long cards =
        devices.cards().stream().filter(card -> card.kind() != NetArgument.Kind.NONE).count();
    return Optional.of(request(system.get().name(), (int) cards));
  }

  private void requireNone() {
    if (keep != null || diskSize != null || tellsTheSystem() || mirror != null) {
      throw new ParameterException(
          spec.commandLine(),
          "--keep, --disk-size, --user, --ssh-key, --password, --hostname and --mirror are for a"
              + " system on a disk, such as 'ward run debian'");
    }
  }

  private boolean tellsTheSystem() {
    return user != null || !keys.isEmpty() || password != null || hostname != null;
  }

  private SystemRequest request(String name, int cards) {
    if (diskSize != null && keep == null) {
      throw new ParameterException(
          spec.commandLine(), "--disk-size is for a disk that is kept: give --keep FILE, too");
    }
    if (diskSize != null && diskSize.bytes() < BuildMachine.DISK_BYTES) {
      throw new ParameterException(
          spec.commandLine(),
          "--disk-size is at least " + new ByteSize(BuildMachine.DISK_BYTES) + ", not " + diskSize);
    }
    List<String> lines = SshKeys.read(keys);
    try {
      CloudSeed seed =
          new CloudSeed(
              hostname == null ? name : hostname,
              user == null ? usualUser() : user,
              lines,
              Optional.ofNullable(password),
              cards);
      return new SystemRequest(
          seed, Optional.ofNullable(keep), Optional.ofNullable(diskSize).map(ByteSize::bytes));
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage());
    }
  }

  private static String usualUser() {
    String own = System.getProperty("user.name", "");
    return CloudSeed.isUserName(own) ? own : "debian";
  }
}

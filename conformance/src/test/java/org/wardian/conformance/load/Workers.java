package org.wardian.conformance.load;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.Domain;
import org.wardian.libvirt.client.Network;
import org.wardian.libvirt.client.StoragePool;
import org.wardian.libvirt.constants.DomainCreateFlags;
import org.wardian.libvirt.constants.DomainState;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;

/** Who loads the daemon while it is killed. */
final class Workers {
  /** The folder of the pool, below the run's. */
  static final String POOL = "pool";

  private static final int DOMAINS = 10;
  private static final int MACHINES = 3;
  private static final int VOLUMES = 6;

  private Workers() {}

  private static boolean is(LibvirtException e, ErrorNumber number) throws LibvirtException {
    if (!e.is(number)) {
      throw e;
    }
    return true;
  }

  /** Defines domains with ever other descriptions, and removes them. */
  static final class Definitions extends Worker<String> {
    private static final Pattern DESCRIPTION = Pattern.compile("<description>(.*)</description>");
    private int count;

    Definitions() {
      for (int i = 0; i < DOMAINS; i++) {
        things.add(new Thing("defined" + i, null));
      }
    }

    @Override
    void step(Connection connection, Thing thing, Random random) throws LibvirtException {
      if (thing.certain() != null && random.nextInt(3) == 0) {
        thing.change(null, () -> connection.domain(thing.name).undefine(0));
        return;
      }
      String description = "change " + count++;
      String name = "<name>" + thing.name + "</name>";
      String uuid =
          thing.certain() == null
              ? ""
              : "<uuid>" + connection.domain(thing.name).uuid() + "</uuid>";
      String xml =
          Machines.USUAL.replace(
              "<name>NAME</name>", name + uuid + "<description>" + description + "</description>");
      thing.change(description, () -> connection.defineDomain(xml));
    }

    @Override
    String look(Connection connection, Thing thing) throws LibvirtException {
      try {
        Matcher found = DESCRIPTION.matcher(connection.domain(thing.name).xml());
        return found.find() ? found.group(1) : "no description";
      } catch (LibvirtException e) {
        return is(e, ErrorNumber.NO_DOMAIN) ? null : "";
      }
    }
  }

  /** Gives a domain one name and then the other. */
  static final class Names extends Worker<String> {
    Names(Connection connection) throws LibvirtException {
      connection.defineDomain(Machines.BARE.replace("NAME", "name-a"));
      things.add(new Thing("name", "name-a"));
    }

    @Override
    void step(Connection connection, Thing thing, Random random) throws LibvirtException {
      String other = thing.certain().equals("name-a") ? "name-b" : "name-a";
      thing.change(other, () -> connection.domain(thing.certain()).rename(other));
    }

    @Override
    String look(Connection connection, Thing thing) throws LibvirtException {
      return connection.domains().stream()
          .map(Domain::name)
          .filter(name -> name.startsWith("name-"))
          .collect(Collectors.joining(" and "));
    }
  }

  /** Starts machines and destroys them. */
  static final class Running extends Worker<String> {
    static final String OFF = "off";
    static final String ON = "on";

    Running(Connection connection) throws LibvirtException {
      for (int i = 0; i < MACHINES; i++) {
        connection.defineDomain(Machines.BARE.replace("NAME", "machine" + i));
        things.add(new Thing("machine" + i, OFF));
      }
    }

    @Override
    void step(Connection connection, Thing thing, Random random) throws LibvirtException {
      Domain domain = connection.domain(thing.name);
      if (thing.certain().equals(OFF)) {
        int flags = random.nextInt(4) == 0 ? 0 : DomainCreateFlags.START_PAUSED;
        thing.change(ON, () -> domain.start(flags));
      } else {
        thing.change(OFF, domain::destroy);
      }
    }

    /** A machine was killed: it may be that it is off, and that a call is refused for that. */
    void killed(String name) {
      things.stream().filter(thing -> thing.name.equals(name)).forEach(thing -> thing.mayBe(OFF));
    }

    @Override
    void refused(LibvirtException e) {
      // The reason is that machines are killed; the next look sees what they are.
    }

    @Override
    String look(Connection connection, Thing thing) throws LibvirtException {
      DomainState state = connection.domain(thing.name).state();
      return switch (state) {
        case SHUTOFF -> OFF;
        case RUNNING, PAUSED -> ON;
        default -> state.toString();
      };
    }
  }

  /** Takes snapshots of a domain that is off, in its image, and deletes them. */
  static final class SnapshotTaker extends Worker<String> {
    private final Path image;
    private int count;

    SnapshotTaker(Connection connection, Path folder) throws Exception {
      image = folder.resolve("disk.qcow2");
      Tools.run("qemu-img", "create", "-q", "-f", "qcow2", image.toString(), "16M");
      connection.defineDomain(
          Machines.BARE
              .replace("NAME", "snapshots")
              .replace(
                  "</domain>",
                  """
                  <devices><disk type='file' device='disk'><driver name='qemu' type='qcow2'/>
                  <source file='%s'/><target dev='vda' bus='virtio'/></disk></devices></domain>
                  """
                      .formatted(image)));
      things.add(new Thing("snapshots", ""));
    }

    @Override
    void step(Connection connection, Thing thing, Random random) throws LibvirtException {
      Set<String> names = new TreeSet<>(List.of(thing.certain().split(" ")));
      names.remove("");
      Domain domain = connection.domain(thing.name);
      if (names.size() > 4 || !names.isEmpty() && random.nextInt(3) == 0) {
        String gone = names.stream().skip(random.nextInt(names.size())).findFirst().orElseThrow();
        names.remove(gone);
        thing.change(String.join(" ", names), () -> domain.snapshot(gone).delete(0));
      } else {
        String name = "s" + count++;
        names.add(name);
        thing.change(
            String.join(" ", names),
            () ->
                domain.createSnapshot(
                    "<domainsnapshot><name>" + name + "</name></domainsnapshot>", 0));
      }
    }

    @Override
    String look(Connection connection, Thing thing) throws LibvirtException {
      return String.join(
          " ",
          new TreeSet<>(
              connection.domain(thing.name).snapshots().stream().map(one -> one.name()).toList()));
    }

    @Override
    List<String> faults(Connection connection) throws Exception {
      String kept = Tools.run("qemu-img", "snapshot", "-l", image.toString());
      Set<String> within = new TreeSet<>();
      kept.lines().skip(2).forEach(line -> within.add(line.strip().split("\\s+")[1]));
      String known = look(connection, things.getFirst());
      return known.equals(String.join(" ", within))
          ? List.of()
          : List.of("snapshots known: " + known + "; in the image: " + within);
    }
  }

  /** Makes volumes of both formats and removes them. */
  static final class Volumes extends Worker<String> {
    private final Path folder;

    Volumes(Connection connection, Path run) throws Exception {
      folder = Files.createDirectories(run.resolve(POOL));
      connection
          .defineStoragePool(
              "<pool type='dir'><name>load</name><target><path>"
                  + folder
                  + "</path></target></pool>")
          .start();
      for (int i = 0; i < VOLUMES; i++) {
        things.add(new Thing("volume" + i, null));
      }
    }

    @Override
    void step(Connection connection, Thing thing, Random random) throws LibvirtException {
      StoragePool pool = connection.storagePool("load");
      if (thing.certain() != null) {
        thing.change(null, () -> pool.volume(thing.name).delete());
        return;
      }
      String format = random.nextBoolean() ? "qcow2" : "raw";
      int allocation = random.nextInt(3);
      thing.change(
          format,
          () ->
              pool.createVolume(
                  """
                  <volume><name>%s</name><capacity unit='MiB'>8</capacity>
                  <allocation unit='MiB'>%d</allocation>
                  <target><format type='%s'/></target></volume>
                  """
                      .formatted(thing.name, allocation, format),
                  0));
    }

    @Override
    String look(Connection connection, Thing thing) throws LibvirtException {
      try {
        String xml = connection.storagePool("load").volume(thing.name).xml();
        return xml.contains("<format type='qcow2'/>") ? "qcow2" : "raw";
      } catch (LibvirtException e) {
        return is(e, ErrorNumber.NO_STORAGE_VOL) ? null : "";
      }
    }

    @Override
    List<String> faults(Connection connection) throws Exception {
      List<String> faults = new ArrayList<>();
      Set<String> known =
          things.stream()
              .filter(thing -> thing.certain() != null)
              .map(thing -> thing.name)
              .collect(Collectors.toCollection(TreeSet::new));
      try (Stream<Path> files = Files.list(folder)) {
        for (Path file : files.toList()) {
          if (!known.remove(file.getFileName().toString())) {
            faults.add("nobody's file " + file);
          }
        }
      }
      known.forEach(name -> faults.add("no file of " + name));
      return faults;
    }
  }

  /** Starts networks and stops them. */
  static final class ActiveNetworks extends Worker<String> {
    ActiveNetworks(Connection connection) throws LibvirtException {
      for (int i = 0; i < 2; i++) {
        connection.defineNetwork(
            """
            <network><name>load%d</name><bridge name='loadbr%d'/>
            <ip address='192.168.%d.1' netmask='255.255.255.0'>
            <dhcp><range start='192.168.%d.10' end='192.168.%d.20'/></dhcp></ip></network>
            """
                .formatted(i, i, 190 + i, 190 + i, 190 + i));
        things.add(new Thing("load" + i, "false"));
      }
    }

    @Override
    void step(Connection connection, Thing thing, Random random) throws LibvirtException {
      Network network = connection.network(thing.name);
      if (thing.certain().equals("true")) {
        thing.change("false", network::destroy);
      } else {
        thing.change("true", network::start);
      }
    }

    /** A network's process was killed; one that dies again and again is given up. */
    void killed(String name) {
      things.stream()
          .filter(thing -> thing.name.equals(name))
          .forEach(thing -> thing.mayBe("false"));
    }

    @Override
    void refused(LibvirtException e) {
      // As with machines.
    }

    @Override
    String look(Connection connection, Thing thing) throws LibvirtException {
      return Objects.toString(connection.network(thing.name).isActive());
    }
  }

  /** Programs of the host. */
  static final class Tools {
    private Tools() {}

    /** Runs one that has to succeed; what it says. */
    static String run(String... command) throws IOException, InterruptedException {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != 0) {
        throw new IOException(String.join(" ", command) + ": " + said);
      }
      return said;
    }
  }
}

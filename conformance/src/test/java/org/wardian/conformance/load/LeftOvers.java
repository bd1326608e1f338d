package org.wardian.conformance.load;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.Domain;
import org.wardian.libvirt.client.Network;
import org.xml.sax.SAXException;

/** Processes, files and locks that are nobody's. */
final class LeftOvers {
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(20);
  private static final Pattern MACHINE = Pattern.compile("/run/qemu/domain-\\d+-([^/]+)/");
  private static final Pattern NETWORK = Pattern.compile("/run/network/([^/]+)\\.gateway");

  private final Path root;
  private final Path pool;

  /**
   * A process of the daemon's.
   *
   * @param name of its domain or network
   */
  record Process(long pid, String name) {}

  /** Those of a daemon with a root, and a pool of images. */
  LeftOvers(Path root, Path pool) {
    this.root = root;
    this.pool = pool;
  }

  List<Process> machines() throws IOException {
    return matching(MACHINE);
  }

  List<Process> networks() throws IOException {
    return matching(NETWORK);
  }

  List<Process> all() throws IOException {
    return matching(Pattern.compile("(" + Pattern.quote(root + "/") + ".*)"));
  }

  private List<Process> matching(Pattern pattern) throws IOException {
    List<Process> all = new ArrayList<>();
    for (long pid : ProcessFigures.processes()) {
      if (pid == ProcessHandle.current().pid()) {
        continue;
      }
      for (String word : ProcessFigures.command(pid)) {
        Matcher found = pattern.matcher(word);
        if (word.startsWith(root + "/") && found.find()) {
          all.add(new Process(pid, found.group(1)));
          break;
        }
      }
    }
    return all;
  }

  /** All that is wrong, after what is ending has had its time. */
  List<String> faults(Connection connection, long daemon) throws Exception {
    long end = System.nanoTime() + PATIENCE;
    List<String> faults = now(connection, daemon);
    while (!faults.isEmpty() && System.nanoTime() < end) {
      TimeUnit.MILLISECONDS.sleep(200);
      faults = now(connection, daemon);
    }
    return faults;
  }

  private List<String> now(Connection connection, long daemon) throws Exception {
    List<String> faults = new ArrayList<>();
    Set<String> running = new HashSet<>();
    Set<String> folders = new HashSet<>();
    for (Domain domain : connection.domains()) {
      if (domain.id() > 0) {
        running.add(domain.name());
        folders.add("domain-" + domain.id() + "-" + domain.name());
      }
    }
    compare("machines", machines(), running, faults);
    Set<String> active = new HashSet<>();
    for (Network network : connection.networks()) {
      if (network.isActive()) {
        active.add(network.name());
      }
    }
    compare("networks", networks(), active, faults);
    // It is made with the first machine.
    Path machines = Files.createDirectories(root.resolve("run/qemu"));
    try (Stream<Path> list = Files.list(machines)) {
      list.filter(Files::isDirectory)
          .map(path -> path.getFileName().toString())
          .filter(name -> name.startsWith("domain-") && !folders.contains(name))
          .forEach(name -> faults.add("nobody's folder " + name));
    }
    documents(faults);
    images(faults);
    Set<String> defined = new HashSet<>();
    connection.domains().forEach(domain -> defined.add(domain.name() + ".xml"));
    try (Stream<Path> list = Files.list(root.resolve("etc/qemu"))) {
      list.filter(Files::isRegularFile)
          .map(path -> path.getFileName().toString())
          .filter(name -> !defined.contains(name))
          .forEach(name -> faults.add("nobody's definition " + name));
    }
    long zombies = ProcessFigures.children(daemon).stream().filter("Z"::equals).count();
    if (zombies > 0) {
      faults.add(zombies + " zombies of the daemon");
    }
    return faults;
  }

  private static void compare(
      String what, List<Process> processes, Set<String> known, List<String> faults) {
    Set<String> seen = new HashSet<>();
    for (Process one : processes) {
      if (!seen.add(one.name())) {
        faults.add(what + ": a second process " + one);
      } else if (!known.contains(one.name())) {
        faults.add(what + ": nobody's process " + one);
      }
    }
    for (String name : known) {
      if (!seen.contains(name)) {
        faults.add(what + ": no process of " + name);
      }
    }
  }

  private void documents(List<String> faults) throws Exception {
    for (String part : List.of("etc", "run", "lib")) {
      try (Stream<Path> walk = Files.walk(root.resolve(part))) {
        for (Path file : walk.filter(Files::isRegularFile).toList()) {
          String name = file.getFileName().toString();
          if (name.endsWith(".new") || name.endsWith(".tmp")) {
            faults.add("unfinished " + file);
          } else if (name.endsWith(".xml")) {
            try {
              DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(file.toFile());
            } catch (SAXException e) {
              faults.add(file + ": " + e.getMessage());
            }
          }
        }
      }
    }
  }

  private void images(List<String> faults) throws Exception {
    List<Path> images = new ArrayList<>();
    images.add(pool.resolveSibling("disk.qcow2"));
    try (Stream<Path> list = Files.list(pool)) {
      list.forEach(images::add);
    }
    for (Path image : images) {
      byte[] begin;
      try (var in = Files.newInputStream(image)) {
        begin = in.readNBytes(4);
      }
      if (begin.length == 4 && begin[0] == 'Q' && begin[1] == 'F' && begin[2] == 'I') {
        try {
          Workers.Tools.run("qemu-img", "check", "-q", "-f", "qcow2", image.toString());
        } catch (IOException e) {
          faults.add(e.getMessage());
        }
      }
    }
  }
}

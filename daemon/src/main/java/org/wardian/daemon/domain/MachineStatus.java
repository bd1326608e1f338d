package org.wardian.daemon.domain;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.wardian.daemon.persistence.DefinitionFolder;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.xml.XmlElement;
import org.wardian.libvirt.constants.DomainState;

/**
 * What is known of a running machine, in a file that the next daemon reads: the process by number
 * and start time, its folder, the state, and the document it runs with.
 *
 * @param pid number of the process
 * @param startTicks when it started, which tells it from a later one of the same number
 * @param folder with its socket
 * @param document with the domain's number in it
 * @param jobs that the machine does to its disks
 */
record MachineStatus(
    long pid,
    long startTicks,
    Path folder,
    DomainState state,
    int reason,
    DomainDocument document,
    List<XmlElement> jobs) {
  /** Copies the list. */
  MachineStatus {
    jobs = List.copyOf(jobs);
  }

  /** Writes the file; when this returns it is on the disk. */
  void write(DefinitionFolder folder) throws IOException {
    XmlElement status = new XmlElement("domstatus");
    status.set("state", state.name().toLowerCase(java.util.Locale.ROOT));
    status.set("reason", reason);
    status.set("pid", pid);
    status.set("started", startTicks);
    status.set("folder", this.folder.toString());
    jobs.forEach(status::add);
    status.add(document.root());
    folder.write(document.name(), status.toString());
  }

  /**
   * From the file's document.
   *
   * @throws IOException where it is no such document
   */
  static MachineStatus of(XmlElement status) throws IOException {
    XmlElement domain = status.child("domain");
    try {
      if (!status.name().equals("domstatus") || domain == null) {
        throw new IOException("it holds no status of a machine");
      }
      Map<String, String> has = status.attributes();
      return new MachineStatus(
          Long.parseLong(has.getOrDefault("pid", "")),
          Long.parseLong(has.getOrDefault("started", "")),
          Path.of(has.getOrDefault("folder", "")),
          DomainState.valueOf(has.getOrDefault("state", "").toUpperCase(java.util.Locale.ROOT)),
          Integer.parseInt(has.getOrDefault("reason", "")),
          DomainDocument.of(domain),
          status.children().stream().filter(child -> child != domain).toList());
    } catch (IllegalArgumentException e) {
      throw new IOException("it is damaged: " + e.getMessage(), e);
    }
  }

  /** Whether the process is still there. */
  boolean isThere() {
    return startTicks >= 0 && Machine.startTicks(pid) == startTicks;
  }
}

package org.wardian.cli.manage;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import org.wardian.cli.Json;
import org.wardian.definition.xml.XmlElement;
import org.wardian.libvirt.client.Snapshot;
import org.wardian.libvirt.error.LibvirtException;

/** Snapshots of a machine, in the order of time, and as what each stands on. */
final class SnapshotTree {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss", Locale.ROOT);

  /**
   * One of them.
   *
   * @param parent what it stands on, or null
   * @param seconds when it was taken, from 1970
   * @param state of the machine then
   * @param memory {@code internal}, {@code external} or {@code no}
   * @param description perhaps null
   * @param current whether the machine stands on it
   */
  record Entry(
      String name,
      String parent,
      long seconds,
      String state,
      String memory,
      String description,
      boolean current) {
    /** Asks for what is not in a name. */
    static Entry of(Snapshot snapshot) throws LibvirtException {
      XmlElement xml = XmlFile.parse(snapshot.name(), snapshot.xml());
      String seconds = xml.textAt("creationTime");
      return new Entry(
          snapshot.name(),
          xml.textAt("parent/name"),
          seconds != null && seconds.matches("\\d{1,12}") ? Long.parseLong(seconds) : 0,
          xml.find("state").map(XmlElement::text).orElse("unknown"),
          xml.find("memory").map(at -> at.attribute("snapshot", "no")).orElse("no"),
          xml.textAt("description"),
          snapshot.isCurrent());
    }

    String taken() {
      return TIME.format(Instant.ofEpochSecond(seconds).atZone(ZoneId.systemDefault()));
    }

    ObjectNode tree() {
      return Json.object()
          .put("name", name)
          .put("parent", parent)
          .put("taken", Instant.ofEpochSecond(seconds).toString())
          .put("state", state)
          .put("memory", memory)
          .put("description", description)
          .put("current", current);
    }
  }

  private final List<Entry> entries = new ArrayList<>();

  SnapshotTree(List<Snapshot> snapshots) throws LibvirtException {
    for (Snapshot snapshot : snapshots) {
      entries.add(Entry.of(snapshot));
    }
    entries.sort(Comparator.comparingLong(Entry::seconds).thenComparing(Entry::name));
  }

  List<Entry> entries() {
    return entries;
  }

  void printTable(PrintWriter out) {
    Cells cells = new Cells("", "NAME", "TAKEN", "STATE", "MEMORY", "ON");
    for (Entry entry : entries) {
      cells.row(
          entry.current() ? "*" : " ",
          entry.name(),
          entry.taken(),
          entry.state(),
          entry.memory(),
          entry.parent());
    }
    cells.print(out);
  }

  void printTree(PrintWriter out) {
    Set<String> names = new HashSet<>();
    entries.forEach(entry -> names.add(entry.name()));
    for (Entry entry : entries) {
      if (entry.parent() == null || !names.contains(entry.parent())) {
        print(out, entry, "", "");
      }
    }
  }

  private void print(PrintWriter out, Entry entry, String before, String below) {
    out.println(before + Cells.plain(entry.name()) + (entry.current() ? " *" : ""));
    List<Entry> children =
        entries.stream().filter(one -> Objects.equals(one.parent(), entry.name())).toList();
    for (int i = 0; i < children.size(); i++) {
      boolean last = i == children.size() - 1;
      print(out, children.get(i), below + "+- ", below + (last ? "   " : "|  "));
    }
  }
}

package org.wardian.definition.domain;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.wardian.definition.xml.XmlElement;

/**
 * How much of the host a domain may have, and where: {@code <cputune>}, {@code <blkiotune>}, {@code
 * <memtune>}, {@code <numatune>}, {@code <memoryBacking>}, {@code <resource>}.
 *
 * @param domain the root of the document
 */
public record Tuning(XmlElement domain) {
  /** A thing with a number (a processor, an I/O thread), and the host's processors for it. */
  public record Pin(int id, String cpuset) {}

  /** What a block device of the host is limited to, by the elements within. */
  public record BlockDevice(String path, XmlElement element) {}

  /** cputune: shares of the processor's time (cpu.shares of control groups, version 1). */
  public OptionalLong cpuShares() {
    return number("cputune/shares");
  }

  /**
   * cputune: a time in microseconds; a negative quota is none. By name: period, quota,
   * global_period, global_quota, emulator_period, emulator_quota, iothread_period, iothread_quota.
   */
  public OptionalLong cpuTime(String name) {
    return number("cputune/" + name);
  }

  /** cputune: where each processor may run, for those that are pinned. */
  public List<Pin> vcpuPins() {
    return pins("vcpupin", "vcpu");
  }

  /** cputune: where each I/O thread may run. */
  public List<Pin> ioThreadPins() {
    return pins("iothreadpin", "iothread");
  }

  /** cputune: where everything else may run. */
  public Optional<String> emulatorPin() {
    return domain.find("cputune/emulatorpin").flatMap(pin -> Values.attribute(pin, "cpuset"));
  }

  /** How many I/O threads there are. */
  public OptionalInt ioThreads() {
    return Values.integer(domain.textAt("iothreads"));
  }

  /** blkiotune: the domain's weight, 100 to 1000. */
  public OptionalLong blockWeight() {
    return number("blkiotune/weight");
  }

  /** blkiotune: limits of the host's devices. */
  public List<BlockDevice> blockDevices() {
    XmlElement tune = domain.child("blkiotune");
    return tune == null
        ? List.of()
        : tune.children("device").stream()
            .map(device -> new BlockDevice(device.textAt("path"), device))
            .toList();
  }

  /** memtune: a limit in KiB, by name: hard_limit, soft_limit, min_guarantee, swap_hard_limit. */
  public OptionalLong memoryLimit(String name) {
    return Scale.kib(domain.find("memtune/" + name).orElse(null));
  }

  /** numatune: strict, preferred, interleave or restrictive. */
  public Optional<String> memoryMode() {
    return domain.find("numatune/memory").flatMap(memory -> Values.attribute(memory, "mode"));
  }

  /** numatune: the host's nodes of memory. */
  public Optional<String> memoryNodes() {
    return domain.find("numatune/memory").flatMap(memory -> Values.attribute(memory, "nodeset"));
  }

  /** memoryBacking: huge pages; a page's size in KiB, 0 for the host's default. */
  public OptionalLong hugePages() {
    XmlElement pages = domain.find("memoryBacking/hugepages").orElse(null);
    if (pages == null) {
      return OptionalLong.empty();
    }
    XmlElement page = pages.child("page");
    if (page == null) {
      return OptionalLong.of(0);
    }
    XmlElement size = new XmlElement("size").text(page.attribute("size", "0"));
    return OptionalLong.of(Scale.kib(size.set("unit", page.attribute("unit"))).orElse(0));
  }

  /** memoryBacking: whether equal pages of several domains are not to be merged. */
  public boolean isUnmerged() {
    return domain.find("memoryBacking/nosharepages").isPresent();
  }

  /** memoryBacking: whether the memory stays in RAM. */
  public boolean isLocked() {
    return domain.find("memoryBacking/locked").isPresent();
  }

  /** memoryBacking: file, anonymous or memfd. */
  public Optional<String> memorySource() {
    return domain.find("memoryBacking/source").flatMap(source -> Values.attribute(source, "type"));
  }

  /** memoryBacking: whether memory is shared with other processes. */
  public boolean isMemoryShared() {
    return "shared".equals(domain.attributeAt("memoryBacking/access", "mode"));
  }

  /** memoryBacking: whether all memory is taken at start. */
  public boolean isAllocatedAtStart() {
    return "immediate".equals(domain.attributeAt("memoryBacking/allocation", "mode"));
  }

  /** resource: the control group of the host, such as {@code /machine}. */
  public Optional<String> partition() {
    return Values.text(domain.textAt("resource/partition"));
  }

  private OptionalLong number(String path) {
    return Values.number(domain.textAt(path));
  }

  private List<Pin> pins(String name, String key) {
    XmlElement tune = domain.child("cputune");
    return tune == null
        ? List.of()
        : tune.children(name).stream()
            .map(pin ->
                new Pin(Values.integer(pin.attribute(key)).orElse(0), pin.attribute("cpuset", "")))
            .toList();
  }
}

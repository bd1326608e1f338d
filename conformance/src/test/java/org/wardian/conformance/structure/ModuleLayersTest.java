package org.wardian.conformance.structure;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import org.junit.jupiter.api.Test;

/** Dependencies between modules point one way, as the first picture of ARCHITECTURE.md has it. */
class ModuleLayersTest {
  /** What each module may require; a module may only name modules that stand before it. */
  private static final List<Map.Entry<String, Set<String>>> LAYERS =
      List.of(
          Map.entry("host", Set.of()),
          Map.entry("memory", Set.of("host")),
          Map.entry("compression", Set.of()),
          Map.entry("storage", Set.of("host", "compression")),
          Map.entry("network", Set.of("host")),
          Map.entry("display", Set.of("host")),
          Map.entry("bus", Set.of()),
          Map.entry("x86", Set.of("memory")),
          Map.entry("processor", Set.of("host", "memory", "bus", "x86")),
          Map.entry("chipset", Set.of("memory", "storage", "network", "display", "bus")),
          Map.entry(
              "virtio",
              Set.of("host", "memory", "storage", "network", "display", "bus", "chipset")),
          Map.entry("boot", Set.of("memory", "compression")),
          Map.entry(
              "machine",
              Set.of(
                  "host",
                  "memory",
                  "storage",
                  "network",
                  "display",
                  "bus",
                  "x86",
                  "processor",
                  "chipset",
                  "virtio",
                  "boot")),
          Map.entry("definition", Set.of()),
          Map.entry("qmp", Set.of("host")),
          Map.entry(
              "process",
              Set.of(
                  "host",
                  "memory",
                  "storage",
                  "network",
                  "display",
                  "bus",
                  "x86",
                  "processor",
                  "chipset",
                  "virtio",
                  "boot",
                  "machine",
                  "definition",
                  "qmp")),
          Map.entry("libvirt", Set.of("host")),
          Map.entry("daemon", Set.of("host", "storage", "network", "definition", "qmp", "libvirt")),
          Map.entry(
              "cli",
              Set.of(
                  "host",
                  "storage",
                  "network",
                  "display",
                  "x86",
                  "chipset",
                  "boot",
                  "machine",
                  "definition",
                  "process",
                  "libvirt",
                  "daemon")),
          Map.entry(
              "conformance",
              Set.of(
                  "host",
                  "memory",
                  "storage",
                  "network",
                  "display",
                  "bus",
                  "x86",
                  "processor",
                  "chipset",
                  "virtio",
                  "boot",
                  "machine",
                  "definition",
                  "qmp",
                  "process",
                  "libvirt",
                  "daemon",
                  "cli")));

  private final SortedMap<String, ProductModule> modules = ProductModule.all();

  @Test
  void everyModuleHasItsPlaceInTheLayers() {
    assertThat(modules.keySet())
        .containsExactlyInAnyOrderElementsOf(LAYERS.stream().map(Map.Entry::getKey).toList());
  }

  @Test
  void aModuleRequiresOnlyWhatItsLayerAllows() {
    for (Map.Entry<String, Set<String>> layer : LAYERS) {
      assertThat(layer.getValue())
          .as("what %s requires", layer.getKey())
          .containsAll(modules.get(layer.getKey()).requires());
    }
  }

  @Test
  void theLayersThemselvesPointOneWay() {
    List<String> order = LAYERS.stream().map(Map.Entry::getKey).toList();
    for (Map.Entry<String, Set<String>> layer : LAYERS) {
      assertThat(order.subList(0, order.indexOf(layer.getKey())))
          .as("modules before %s", layer.getKey())
          .containsAll(layer.getValue());
    }
  }
}

package org.wardian.conformance.load;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.wardian.libvirt.client.Connection;

/**
 * Lists, calls and events of our daemon and of Debian's libvirtd, by the same client in turn, so
 * that both have the same host.
 */
final class BesideLibvirtd {
  private static final int DOMAINS = 1_000;
  private static final int LISTS = 20;
  private static final int EVENTS = 40;
  private static final String RUNNING = "running";

  private final Map<String, String> uris = new LinkedHashMap<>();
  private final Path usual;
  private final PrintStream out;

  BesideLibvirtd(String ours, String theirs, Path folder, PrintStream out) throws IOException {
    uris.put("wardiand", ours);
    uris.put("libvirtd", theirs);
    usual = Files.writeString(folder.resolve("usual.xml"), Machines.USUAL);
    this.out = out;
  }

  boolean run(int rounds) throws Exception {
    for (Map.Entry<String, String> one : uris.entrySet()) {
      Map<String, List<Double>> said =
          PythonClient.run(
              one.getValue(), "define", "load", Integer.toString(DOMAINS), usual.toString());
      out.println(one.getKey() + " defines " + DOMAINS + " domains: " + said);
      try (Connection connection = Connection.open(one.getValue())) {
        connection.defineDomain(Machines.BARE.replace("NAME", RUNNING)).start();
      }
    }
    Map<String, Map<String, Figures>> all = new LinkedHashMap<>();
    for (int round = 0; round < rounds; round++) {
      for (Map.Entry<String, String> one : uris.entrySet()) {
        round(one.getKey(), one.getValue(), all);
      }
    }
    for (Map.Entry<String, String> one : uris.entrySet()) {
      try (Connection connection = Connection.open(one.getValue())) {
        connection.domain(RUNNING).destroy();
      }
    }
    all.forEach((kind, figures) -> {
      Figures ours = figures.get("wardiand");
      Figures theirs = figures.get("libvirtd");
      out.println(
          LoadRun.line(
              "%-28s ours %s  libvirtd %s  ratio of medians %.2f",
              kind, ours, theirs, ours.quantile(0.5) / theirs.quantile(0.5)));
    });
    return all.get("list-ms").get("wardiand").count() == rounds * LISTS;
  }

  private void round(String name, String uri, Map<String, Map<String, Figures>> all)
      throws Exception {
    Map<String, List<Double>> said = new LinkedHashMap<>();
    said.putAll(PythonClient.run(uri, "list", Integer.toString(LISTS)));
    said.putAll(PythonClient.run(uri, "calls", "1", "load1"));
    PythonClient.run(uri, "events", RUNNING, Integer.toString(EVENTS), usual.toString())
        .forEach((kind, values) -> said.put("event of " + kind + "-us", values));
    said.put("list-ms by our client", List.copyOf(lists(uri)));
    said.forEach((kind, values) ->
        values.forEach(
            all.computeIfAbsent(kind, any -> new LinkedHashMap<>())
                    .computeIfAbsent(name, any -> new Figures())
                ::add));
  }

  private static List<Double> lists(String uri) throws Exception {
    try (Connection connection = Connection.open(uri)) {
      Double[] times = new Double[LISTS];
      for (int i = 0; i < LISTS; i++) {
        long began = System.nanoTime();
        int count = connection.domains().size();
        times[i] = (System.nanoTime() - began) / 1e6;
        if (count != DOMAINS + 1) {
          throw new IOException(count + " domains are listed");
        }
      }
      return List.of(times);
    }
  }
}

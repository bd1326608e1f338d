package org.wardian.daemon;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.ToLongFunction;
import org.wardian.daemon.domain.Domains;
import org.wardian.daemon.domain.MachineMemory;
import org.wardian.daemon.host.HostProcedures;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.CallObserver;
import org.wardian.libvirt.server.Server;
import org.wardian.libvirt.server.Session;
import org.wardian.libvirt.wire.Procedure;
import org.wardian.libvirt.xdr.XdrStruct;

/**
 * Figures about the daemon in Prometheus's text format 0.0.4: calls by procedure, their time and
 * failures, clients, domains by state, memory and what the kernel merges of it.
 */
final class Metrics implements CallObserver {
  private static final class Figures {
    private final LongAdder calls = new LongAdder();
    private final LongAdder failures = new LongAdder();
    private final LongAdder nanoseconds = new LongAdder();
  }

  private final Map<String, Figures> procedures = new ConcurrentHashMap<>();
  private volatile Server server;
  private volatile Domains domains;

  @Override
  public void finished(
      Session session,
      Procedure<?, ?> procedure,
      XdrStruct arguments,
      LibvirtException failure,
      long nanoseconds) {
    Figures figures = procedures.computeIfAbsent(procedure.name(), name -> new Figures());
    figures.calls.increment();
    figures.nanoseconds.add(nanoseconds);
    if (failure != null) {
      figures.failures.increment();
    }
  }

  /** Tells of these too, from now on. */
  void watch(Server ofClients, Domains ofDomains) {
    server = ofClients;
    domains = ofDomains;
  }

  /** Answers {@code GET /metrics} at an address until it is closed. */
  AutoCloseable serve(InetSocketAddress address) throws IOException {
    HttpServer http = HttpServer.create(address, 16);
    http.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    http.createContext(
        "/metrics",
        exchange -> {
          try (exchange) {
            if (!exchange.getRequestMethod().equals("GET")) {
              exchange.sendResponseHeaders(405, -1);
              return;
            }
            byte[] body = text().getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "text/plain; version=0.0.4");
            exchange.sendResponseHeaders(200, body.length);
            try (OutputStream out = exchange.getResponseBody()) {
              out.write(body);
            }
          }
        });
    http.start();
    return () -> http.stop(0);
  }

  /** All figures. */
  String text() {
    StringBuilder out = new StringBuilder();
    Map<String, Figures> sorted = new TreeMap<>(procedures);
    head(out, "wardian_calls_total", "counter", "Calls answered, by procedure.");
    sorted.forEach((name, one) -> line(out, "wardian_calls_total", name, one.calls.sum()));
    head(out, "wardian_call_failures_total", "counter", "Calls answered with an error.");
    sorted.forEach(
        (name, one) -> line(out, "wardian_call_failures_total", name, one.failures.sum()));
    head(out, "wardian_call_seconds_total", "counter", "Time that calls took.");
    sorted.forEach(
        (name, one) -> line(out, "wardian_call_seconds_total", name, one.nanoseconds.sum() / 1e9));
    if (server != null) {
      head(out, "wardian_clients", "gauge", "Clients that are connected.");
      out.append("wardian_clients ").append(server.sessions().size()).append('\n');
    }
    if (domains != null) {
      head(out, "wardian_domains", "gauge", "Domains by state.");
      domains
          .countByState()
          .forEach((state, count) ->
              out.append("wardian_domains{state=\"")
                  .append(state)
                  .append("\"} ")
                  .append(count)
                  .append('\n'));
    }
    memory(out);
    Runtime runtime = Runtime.getRuntime();
    head(out, "wardian_heap_bytes", "gauge", "Memory of the daemon's objects.");
    out.append("wardian_heap_bytes ")
        .append(runtime.totalMemory() - runtime.freeMemory())
        .append('\n');
    return out.toString();
  }

  private void memory(StringBuilder out) {
    if (domains != null) {
      List<MachineMemory> machines = domains.memory();
      gauges(
          out,
          machines,
          "wardian_domain_resident_bytes",
          "Memory of a machine's process, merged pages included.",
          MachineMemory::resident);
      gauges(
          out,
          machines,
          "wardian_domain_merged_bytes",
          "Memory of a machine in pages that the kernel keeps once for several (KSM).",
          MachineMemory::merged);
      gauges(
          out,
          machines,
          "wardian_domain_merge_profit_bytes",
          "What merging saves of a machine's memory, less its cost.",
          MachineMemory::profit);
    }
    HostProcedures.merging()
        .forEach((name, value) -> {
          String figure = "wardian_host_ksm_" + name.replaceFirst("^ksm_", "");
          head(out, figure, "gauge", "The kernel's figure of merging (/sys/kernel/mm/ksm).");
          out.append(figure).append(' ').append(value).append('\n');
        });
  }

  private static void gauges(
      StringBuilder out,
      List<MachineMemory> machines,
      String name,
      String help,
      ToLongFunction<MachineMemory> figure) {
    head(out, name, "gauge", help);
    machines.forEach(machine ->
        out.append(name)
            .append("{domain=\"")
            .append(escaped(machine.domain()))
            .append("\"} ")
            .append(figure.applyAsLong(machine))
            .append('\n'));
  }

  /** A label's value, as the format 0.0.4 wants it. */
  private static String escaped(String value) {
    return value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
  }

  private static void head(StringBuilder out, String name, String type, String help) {
    out.append("# HELP ").append(name).append(' ').append(help).append('\n');
    out.append("# TYPE ").append(name).append(' ').append(type).append('\n');
  }

  private static void line(StringBuilder out, String name, String procedure, Number value) {
    out.append(name).append("{procedure=\"").append(procedure).append("\"} ");
    out.append(value).append('\n');
  }
}

package org.wardian.cli.profile;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.wardian.processor.software.GuestProfile;
import org.wardian.processor.software.GuestProfile.Mode;
import org.wardian.processor.software.GuestProfile.Place;

/** A profile in words and as JSON: by function where there are symbols, by address where not. */
public final class ProfileReport {
  /** Rows of the table for a person. */
  private static final int ROWS = 50;

  private final Map<Place, Long> places;
  private final long idle;
  private final SymbolTable symbols;
  private final long move;

  private record Row(Mode mode, String where, long samples) {}

  /** Of what a profile holds now. */
  public ProfileReport(GuestProfile profile, SymbolTable symbols) {
    this(profile.places(), profile.idle(), profile.systemCallEntry(), symbols);
  }

  ProfileReport(Map<Place, Long> places, long idle, long systemCallEntry, SymbolTable symbols) {
    this.places = places;
    this.idle = idle;
    this.symbols = symbols;
    this.move = symbols.move(systemCallEntry);
  }

  private Optional<Symbol> symbol(Place place) {
    return symbols.at(place.address() - move);
  }

  private String function(Place place) {
    return symbol(place).map(Symbol::name).orElseGet(() -> address(place));
  }

  private static String address(Place place) {
    return "0x" + Long.toHexString(place.address());
  }

  private List<Row> rows(Function<Place, String> name) {
    Map<Mode, Map<String, Long>> sums = new HashMap<>();
    places.forEach((place, samples) ->
        sums.computeIfAbsent(place.mode(), mode -> new HashMap<>())
            .merge(name.apply(place), samples, Long::sum));
    List<Row> rows = new ArrayList<>();
    sums.forEach((mode, byName) ->
        byName.forEach((where, samples) -> rows.add(new Row(mode, where, samples))));
    rows.sort(
        Comparator.comparingLong(Row::samples)
            .reversed()
            .thenComparing(Row::mode)
            .thenComparing(Row::where));
    return rows;
  }

  private long samples(Mode mode) {
    return places.entrySet().stream()
        .filter(entry -> entry.getKey().mode() == mode)
        .mapToLong(Map.Entry::getValue)
        .sum();
  }

  private long all() {
    return samples(Mode.KERNEL) + samples(Mode.USER) + idle;
  }

  private double percent(long samples) {
    long all = all();
    return all == 0 ? 0 : 100.0 * samples / all;
  }

  /** Lines of text: the sums, then the places with most samples. */
  public String text() {
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            "%d samples, one a millisecond: kernel %.1f %%, user %.1f %%, idle %.1f %%%n",
            all(),
            percent(samples(Mode.KERNEL)),
            percent(samples(Mode.USER)),
            percent(idle)));
    if (move != 0) {
      text.append(String.format("the kernel ran 0x%x above where its symbols are%n", move));
    }
    List<Row> rows = rows(this::function);
    text.append(String.format("%n%10s %6s  %-6s %s%n", "samples", "%", "mode", "where"));
    for (Row row : rows.subList(0, Math.min(ROWS, rows.size()))) {
      text.append(
          String.format(
              Locale.ROOT,
              "%10d %6.2f  %-6s %s%n",
              row.samples(),
              percent(row.samples()),
              name(row.mode()),
              row.where()));
    }
    if (rows.size() > ROWS) {
      long rest = rows.subList(ROWS, rows.size()).stream().mapToLong(Row::samples).sum();
      text.append(
          String.format(
              Locale.ROOT,
              "%10d %6.2f  %d more places%n",
              rest,
              percent(rest),
              rows.size() - ROWS));
    }
    return text.toString();
  }

  private static String name(Mode mode) {
    return mode.name().toLowerCase(Locale.ROOT);
  }

  /** All of it. */
  public void describe(ObjectNode node) {
    node.put("intervalNanoseconds", GuestProfile.INTERVAL.toNanos());
    node.put("samples", all());
    node.put("kernel", samples(Mode.KERNEL));
    node.put("user", samples(Mode.USER));
    node.put("idle", idle);
    node.put("kernelMovedBy", "0x" + Long.toHexString(move));
    if (symbols.size() > 0) {
      ArrayNode functions = node.putArray("functions");
      for (Row row : rows(this::function)) {
        functions
            .addObject()
            .put("mode", name(row.mode()))
            .put("name", row.where())
            .put("samples", row.samples());
      }
    }
    ArrayNode addresses = node.putArray("addresses");
    places.entrySet().stream()
        .sorted(
            Map.Entry.<Place, Long>comparingByValue()
                .reversed()
                .thenComparing(entry -> entry.getKey().address()))
        .forEach(entry -> {
          Place place = entry.getKey();
          ObjectNode row = addresses.addObject();
          row.put("mode", name(place.mode()));
          row.put("address", address(place));
          row.put("samples", entry.getValue());
          symbol(place).ifPresent(symbol -> row.put("symbol", symbol.name()));
        });
  }
}

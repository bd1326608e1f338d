package org.wardian.process.domain;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.wardian.definition.domain.NetworkInterface;
import org.wardian.definition.filter.FilterDocument;
import org.wardian.definition.filter.FilterTree;
import org.wardian.definition.network.DefinitionException;
import org.wardian.definition.xml.XmlElement;
import org.wardian.network.MacAddress;
import org.wardian.network.NetworkPort;
import org.wardian.network.filter.AddressLearner;
import org.wardian.network.filter.FilterCompiler;
import org.wardian.network.filter.FilterProgram;
import org.wardian.network.filter.FilterRule;
import org.wardian.network.filter.FilteredPort;
import org.wardian.network.filter.LearningRules;
import org.wardian.network.rate.RateLimit;
import org.wardian.network.rate.ShapedPort;
import org.wardian.network.wire.IpAddress;

/**
 * What may pass a card, by its document: the rules of its filter, and its bandwidth. The filters
 * that its {@code <filterref>} leads to stand beside that in {@code <wardian:filters>}. Where a
 * guest's address is to be learned, the rules are made anew each time that it changes.
 */
public final class CardLimits implements AutoCloseable {
  /** The element with the filters. */
  private static final String FILTERS = "wardian:filters";

  private static final String SERVERS = "DHCPSERVER";

  private final MacAddress address;
  private final ShapedPort shaped;
  private final FilteredPort filtered;
  private XmlElement reference;
  private Map<String, FilterDocument> filters = Map.of();
  private AddressLearner learner;
  private FilterTree.Learning learning;
  private Thread forgetting;

  /** None yet. */
  CardLimits(NetworkPort backend, MacAddress address) {
    this.address = address;
    shaped = new ShapedPort(backend);
    filtered = new FilteredPort(shaped);
  }

  /** What the card is plugged into instead. */
  NetworkPort port() {
    return filtered;
  }

  /** Frames that the filter kept from the guest. */
  public long filteredToGuest() {
    return filtered.droppedToGuest();
  }

  /** Frames of the guest that the filter dropped. */
  public long filteredFromGuest() {
    return filtered.droppedFromGuest();
  }

  /**
   * Sets all limits, and takes away those that the document does not have. Where it is refused,
   * those of before hold.
   *
   * @throws IllegalArgumentException where a filter is missing or cannot be made rules of
   */
  public synchronized void set(NetworkInterface card) {
    XmlElement wanted = card.element().child("filterref");
    Map<String, FilterDocument> found = new LinkedHashMap<>();
    XmlElement all = card.element().child(FILTERS);
    try {
      for (XmlElement one : all == null ? List.<XmlElement>of() : all.children()) {
        FilterDocument filter = FilterDocument.of(one);
        found.put(filter.name(), filter);
      }
      if (wanted == null || all == null) {
        forget();
        filtered.filter(null);
      } else {
        filter(wanted, found);
      }
    } catch (DefinitionException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
    shaped.limit(limit(card.inbound()), limit(card.outbound()));
  }

  private static Optional<RateLimit> limit(Optional<NetworkInterface.Bandwidth> bandwidth) {
    return bandwidth
        .filter(one -> one.average().orElse(0) > 0)
        .map(one ->
            RateLimit.ofKilobytes(
                one.average().getAsLong(), value(one.peak()), value(one.burst())));
  }

  private static long value(OptionalLong number) {
    return Math.max(0, number.orElse(0));
  }

  private void forget() {
    reference = null;
    filters = Map.of();
    learner = null;
    learning = null;
  }

  private void filter(XmlElement wanted, Map<String, FilterDocument> found)
      throws DefinitionException {
    FilterTree bare = tree(wanted, found, List.of());
    FilterTree.Learning method = bare.learning().orElse(null);
    AddressLearner teacher = method == null ? null : learner;
    boolean same =
        teacher != null && method == learning && servers(wanted).equals(servers(reference));
    if (method != null && !same) {
      teacher =
          new AddressLearner(
              AddressLearner.Method.valueOf(method.name()), address, servers(wanted));
    }
    FilterProgram program = program(wanted, found, method, teacher);
    reference = wanted.copy();
    filters = found;
    learning = method;
    learner = teacher;
    filtered.filter(program, teacher, this::learned);
  }

  private FilterTree tree(
      XmlElement wanted, Map<String, FilterDocument> found, List<IpAddress> addresses)
      throws DefinitionException {
    Map<String, List<String>> given = new LinkedHashMap<>();
    given.put("MAC", List.of(address.toString()));
    if (!addresses.isEmpty()) {
      given.put("IP", addresses.stream().map(IpAddress::toString).toList());
    }
    return FilterTree.of(wanted, given, found::get);
  }

  private FilterProgram program(
      XmlElement wanted,
      Map<String, FilterDocument> found,
      FilterTree.Learning method,
      AddressLearner teacher)
      throws DefinitionException {
    List<IpAddress> addresses = teacher == null ? List.of() : teacher.addresses(System.nanoTime());
    if (method != null && addresses.isEmpty()) {
      return FilterCompiler.compile(
          method == FilterTree.Learning.ANY
              ? LearningRules.any(address)
              : LearningRules.dhcp(address, servers(wanted)));
    }
    List<FilterRule> rules = new ArrayList<>();
    for (FilterTree.Rule one : tree(wanted, found, addresses).rules()) {
      rules.add(rule(one));
    }
    return FilterCompiler.compile(rules);
  }

  private static List<IpAddress> servers(XmlElement reference) {
    return FilterTree.parameters(reference).getOrDefault(SERVERS, List.of()).stream()
        .map(IpAddress::parse)
        .toList();
  }

  private static FilterRule rule(FilterTree.Rule one) {
    return new FilterRule(
        one.chain(),
        one.chainPriority(),
        FilterRule.Action.valueOf(one.action().toUpperCase(Locale.ROOT)),
        FilterRule.Direction.valueOf(one.direction().toUpperCase(Locale.ROOT)),
        one.priority(),
        one.stateMatch(),
        one.protocol(),
        one.negated(),
        one.fields());
  }

  /** An address came or went: the thread of the frame that said so goes on. */
  private void learned() {
    Thread.ofVirtual().name("wardian-learn").start(this::compileAgain);
  }

  private synchronized void compileAgain() {
    if (learner == null) {
      return;
    }
    try {
      filtered.filter(program(reference, filters, learning, learner), learner, this::learned);
    } catch (DefinitionException | IllegalArgumentException e) {
      // The rules of before hold: they let less pass.
      System.getLogger(CardLimits.class.getName())
          .log(System.Logger.Level.WARNING, "a filter with a learned address: " + e.getMessage());
    }
    long wait = learner.untilEnd(System.nanoTime());
    if (forgetting != null) {
      forgetting.interrupt();
      forgetting = null;
    }
    if (wait >= 0) {
      forgetting =
          Thread.ofVirtual()
              .name("wardian-lease")
              .start(() -> {
                try {
                  Thread.sleep(Duration.ofNanos(wait));
                  learned();
                } catch (InterruptedException e) {
                  // A newer lease has a thread of its own.
                  Thread.currentThread().interrupt();
                }
              });
    }
  }

  @Override
  public synchronized void close() {
    forget();
    if (forgetting != null) {
      forgetting.interrupt();
    }
  }
}

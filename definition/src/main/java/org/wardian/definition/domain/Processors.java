package org.wardian.definition.domain;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.wardian.definition.xml.XmlElement;

/**
 * Each of a domain's processors: {@code <vcpu>} with {@code <vcpus>}, which is only there when some
 * were changed by themselves.
 */
public final class Processors {
  /** One of them. */
  public static final class Processor {
    private final int number;
    private boolean enabled;
    private boolean pluggable;

    /** By which it came, from 1; 0 where that is not known. */
    private int order;

    private Processor(int number, boolean enabled, boolean pluggable, int order) {
      this.number = number;
      this.enabled = enabled;
      this.pluggable = pluggable;
      this.order = order;
    }

    /** Its number, from 0. */
    public int number() {
      return number;
    }

    /** Whether it is there. */
    public boolean isEnabled() {
      return enabled;
    }

    /** Whether it may come and go while the domain runs. */
    public boolean isPluggable() {
      return pluggable;
    }
  }

  private final DomainDocument document;
  private final List<Processor> all = new ArrayList<>();
  private boolean individual;

  /** Those of a document. */
  public Processors(DomainDocument document) {
    this.document = document;
    XmlElement each = document.root().child("vcpus");
    individual = each != null;
    int present = document.processors();
    for (int number = 0; number < document.mostProcessors(); number++) {
      XmlElement one = individual ? element(each, number) : null;
      boolean enabled =
          one == null ? !individual && number < present : "yes".equals(one.attribute("enabled"));
      boolean pluggable =
          one == null || one.attribute("hotpluggable") == null
              ? !enabled
              : "yes".equals(one.attribute("hotpluggable"));
      int order = one == null ? 0 : Values.integer(one.attribute("order")).orElse(0);
      all.add(new Processor(number, enabled, pluggable, order));
    }
  }

  private static XmlElement element(XmlElement each, int number) {
    return each.children("vcpu").stream()
        .filter(one -> Integer.toString(number).equals(one.attribute("id")))
        .findFirst()
        .orElse(null);
  }

  /** All that there may be, by number. */
  public List<Processor> all() {
    return List.copyOf(all);
  }

  /** How many are there. */
  public int count() {
    return (int) all.stream().filter(Processor::isEnabled).count();
  }

  /** Whether some come and go, at present or later. */
  public boolean anyPluggable() {
    return all.stream().anyMatch(one -> !one.enabled || individual && one.pluggable);
  }

  /**
   * Has as many as are wanted: the first that are absent come, the last that are there go.
   *
   * @param pluggable whether those that come may go again
   */
  public void set(int count, boolean pluggable) {
    all.forEach(one -> one.order = 0);
    for (Processor one : all) {
      if (count() < count && !one.enabled) {
        one.enabled = true;
        if (pluggable) {
          one.pluggable = true;
          individual = true;
        } else if (!individual) {
          one.pluggable = false;
        }
      }
    }
    for (Processor one : all.reversed()) {
      if (count() > count && one.enabled) {
        one.enabled = false;
        one.pluggable = true;
      }
    }
    write();
  }

  /** One is there, or not, of a domain that does not run. */
  public void change(int number, boolean enabled) {
    individual = true;
    all.forEach(one -> one.order = 0);
    all.get(number).enabled = enabled;
    all.get(number).pluggable = true;
    write();
  }

  /** One came to a running domain, behind all others. */
  public void came(int number) {
    number();
    Processor one = all.get(number);
    one.enabled = true;
    one.pluggable = true;
    one.order = 1 + all.stream().mapToInt(other -> other.order).max().orElse(0);
    write();
  }

  /** One went out of a running domain. */
  public void went(int number) {
    number();
    Processor one = all.get(number);
    int gone = one.order;
    one.enabled = false;
    one.order = 0;
    all.stream().filter(other -> other.order > gone).forEach(other -> other.order--);
    write();
  }

  /** Gives those of a domain that starts their order, where they are told one by one. */
  void begin() {
    if (individual) {
      number();
      write();
    }
  }

  /** Numbers those that have no order yet, and has each told by itself. */
  private void number() {
    individual = true;
    int next = 1 + all.stream().mapToInt(other -> other.order).max().orElse(0);
    for (Processor one : all.stream().sorted(Comparator.comparingInt(p -> p.number)).toList()) {
      if (one.enabled && one.order == 0) {
        one.order = next++;
      }
    }
  }

  private void write() {
    document.setProcessors(all.size(), count());
    document.root().remove("vcpus");
    if (individual) {
      XmlElement each = document.root().childOrNew("vcpus");
      for (Processor one : all) {
        each.append("vcpu")
            .set("id", one.number)
            .set("enabled", one.enabled ? "yes" : "no")
            .set("hotpluggable", one.pluggable ? "yes" : "no")
            .set("order", one.order == 0 ? null : Integer.toString(one.order));
      }
    }
    DomainForm.TABLE.arrange(document.root());
  }
}

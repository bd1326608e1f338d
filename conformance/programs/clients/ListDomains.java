import org.libvirt.Connect;
import org.libvirt.Domain;

/** The usual first program: opens a connection, lists all domains, prints their names. */
public final class ListDomains {
  private ListDomains() {}

  /** Lists the domains of the URI that is its argument. */
  public static void main(String[] arguments) throws Exception {
    Connect connection = new Connect(arguments.length > 0 ? arguments[0] : "qemu:///system");
    for (String name : connection.listDefinedDomains()) {
      System.out.println(name);
    }
    for (int id : connection.listDomains()) {
      Domain domain = connection.domainLookupByID(id);
      System.out.println(domain.getName());
    }
    connection.close();
  }
}

internal import Linux

/// The text of a network's table in the packet filter, and of the changes to it.
struct FilterTable {
    let name: String
    let bridge: String
    let network: IPv4Prefix

    /// Makes the table, or makes it anew, with exactly these ports: whatever was there before is replaced within the
    /// transaction, so that no packet meets half of it.
    func definition(publishing ports: [Published]) -> String {
        """
        add table ip \(name)
        delete table ip \(name)
        table ip \(name) {
            map ports {
                type inet_proto . inet_service : ipv4_addr . inet_service
            }
            map address-ports {
                type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service
            }
            chain published {
                dnat ip to ip daddr . meta l4proto . th dport map @address-ports
                dnat ip to meta l4proto . th dport map @ports
            }
            chain prerouting {
                type nat hook prerouting priority dstnat; policy accept;
                fib daddr type local jump published
            }
            chain output {
                type nat hook output priority -100; policy accept;
                fib daddr type local jump published
            }
            chain postrouting {
                type nat hook postrouting priority srcnat; policy accept;
                oifname != "\(bridge)" ip saddr \(network.networkText) masquerade
                oifname "\(bridge)" ip saddr 127.0.0.0/8 masquerade
                oifname "\(bridge)" ip saddr \(network.networkText) ct status dnat masquerade
            }
            chain loopback {
                type filter hook prerouting priority raw; policy accept;
                iifname != "lo" ip daddr 127.0.0.0/8 drop
                iifname "\(bridge)" ip saddr 127.0.0.0/8 drop
            }
            chain forward {
                type filter hook forward priority filter; policy accept;
                iifname "\(bridge)" accept
                oifname "\(bridge)" ct state established,related accept
                oifname "\(bridge)" ct status dnat accept
                oifname "\(bridge)" drop
            }
        }

        """ + change("add", ports)
    }

    /// Removes the table; one that is not there is no error.
    var removal: String { "add table ip \(name)\ndelete table ip \(name)\n" }

    /// Adds or deletes ports.
    func change(_ verb: String, _ ports: [Published]) -> String {
        var text = ""
        let elements = { (map: String, elements: [String]) in
            elements.isEmpty ? "" : "\(verb) element ip \(name) \(map) { \(elements.joined(separator: ", ")) }\n"
        }
        text += elements("ports", ports.filter { $0.port.hostAddress == .any }.map { "\(key($0)) : \(target($0))" })
        text += elements(
            "address-ports",
            ports.filter { $0.port.hostAddress != .any }
                .map { "\($0.port.hostAddress) . \(key($0)) : \(target($0))" })
        return text
    }

    /// The protocol as a number: for a name the library asks the system's name service, which takes 50 ms to load.
    private func key(_ published: Published) -> String {
        "\(published.port.transport == .tcp ? 6 : 17) . \(published.port.hostPort)"
    }

    private func target(_ published: Published) -> String { "\(published.address) . \(published.port.port)" }
}

/// A published port with the address of whose it is.
struct Published: Equatable {
    let address: IPv4Address
    let port: PublishedPort
}

# RFC 5321 6.3: a message that has come through a hundred hosts goes in circles; the session goes on.
S: 220 *
C: EHLO client.test
S: ...
S: 250 STARTTLS
C: MAIL FROM:<a@b.test>
S: 250 2.1.0 sender ok
C: RCPT TO:<ann@example.test>
S: 250 2.1.5 recipient ok
C: DATA
S: 354 *
C: Received: by h1.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h2.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h3.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h4.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h5.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h6.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h7.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h8.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h9.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h10.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h11.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h12.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h13.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h14.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h15.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h16.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h17.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h18.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h19.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h20.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h21.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h22.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h23.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h24.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h25.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h26.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h27.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h28.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h29.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h30.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h31.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h32.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h33.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h34.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h35.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h36.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h37.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h38.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h39.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h40.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h41.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h42.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h43.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h44.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h45.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h46.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h47.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h48.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h49.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h50.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h51.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h52.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h53.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h54.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h55.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h56.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h57.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h58.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h59.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h60.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h61.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h62.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h63.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h64.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h65.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h66.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h67.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h68.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h69.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h70.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h71.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h72.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h73.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h74.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h75.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h76.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h77.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h78.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h79.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h80.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h81.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h82.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h83.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h84.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h85.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h86.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h87.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h88.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h89.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h90.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h91.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h92.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h93.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h94.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h95.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h96.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h97.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h98.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h99.test; Sat, 28 Nov 2026 00:00:00 +0000
C: Received: by h100.test; Sat, 28 Nov 2026 00:00:00 +0000
C: 
C: x
C: .
S: 554 5.4.6 message went through too many hosts: a mail loop
C: NOOP
S: 250 2.0.0 ok

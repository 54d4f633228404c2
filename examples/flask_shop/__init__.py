"""A shop that sells enhanced pictures: the users, the prices, the payments and the address are its own.

    pip install "spike-core[http]" flask pyjwt stripe
    cd examples && SHOP_KEY=$(openssl rand -hex 32) STRIPE_WEBHOOK_SECRET=whsec_… python -m flask_shop

Users register and sign in at the shop, and send the token that they get to Spike's REST API, which is at `/spike`:

    curl localhost:5000/users -d email=ada@example.org -d 'password=correct horse'
    token=$(curl -s localhost:5000/login -d email=ada@example.org -d 'password=correct horse')
    curl localhost:5000/spike/api/images/upload -H "Authorization: Bearer $token" -F file=@photo.jpg -F tier=TIER_8K

They pay by a payment link of Stripe's, to which the shop appends `?client_reference_id=` and their id. The link has
metadata, `pack: small`, and Stripe sends the events of its payments to `/stripe`.
"""
